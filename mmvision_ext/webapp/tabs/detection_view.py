"""Detections with a threshold that follows the slider."""

from typing import Any

import gradio as gr

from mmvision_ext.apis.results import DetectionResult

from ..answers import (
    at_least,
    detection_json,
    detection_rows,
    drawn,
    write_download,
)
from ..errors import in_words
from ..models import LOWEST_SCORE
from ..shared import (
    FOLLOWS,
    Shared,
    json_button,
    offer,
    result_table,
    threshold_slider,
)

Kept = tuple[DetectionResult, dict[str, str]]


class DetectionView:
    """Slider, picture, table and download of detections.

    The result of the last run is kept, so that the slider filters it without
    running the model.

    Args:
        shared: What tabs share.

    Attributes:
        threshold: The slider.
        status: Says how many were found.
        outputs: What :meth:`show` fills, the kept result first.
    """

    def __init__(self, shared: Shared) -> None:
        self._downloads = shared.downloads
        kept = gr.State(None)
        self.threshold = threshold_slider(LOWEST_SCORE, 0.3)
        self.status = gr.Markdown(min_height=44)
        picture = gr.Image(
            show_label=False,
            interactive=False,
            visible=False,
            buttons=['download', 'fullscreen'],
        )
        table = result_table(
            ['class', 'score', 'x, y, width, height'], ['40%', '20%', '40%']
        )
        self.outputs = [kept, self.status, picture, table, json_button()]
        self.threshold.input(
            in_words(self._follow),
            [kept, self.threshold],
            self.outputs[1:],
            **FOLLOWS,
        )

    def show(
        self, result: DetectionResult, origin: dict[str, str], threshold: float
    ) -> tuple[Any, ...]:
        """Show a new result.

        Args:
            result: All detections.
            origin: Which model they come from.
            threshold: Lowest confidence that is shown.

        Returns:
            Values of :attr:`outputs`.
        """
        kept = (result, origin)
        return kept, *self._follow(kept, threshold)

    def _follow(self, kept: Kept | None, threshold: float) -> tuple[Any, ...]:
        """Values of all outputs but the kept result."""
        if kept is None:
            return (gr.skip(),) * 4
        result, origin = kept
        shown = at_least(result, threshold)
        path = write_download(
            self._downloads,
            result.source.name,
            'detections',
            detection_json(shown, origin, threshold),
        )
        status = (
            f'{result.source.name}: {len(shown)} found at {threshold:.2f} or '
            f'above, {len(result) - len(shown)} below.'
        )
        return (
            status,
            gr.Image(drawn(shown), visible=True),
            detection_rows(shown),
            offer(path),
        )
