"""Objects of the classes that a detector was trained for."""

from dataclasses import replace
from typing import Any

import gradio as gr

from mmvision_ext.apis.sources import ImageSource

from ..errors import in_words
from ..shared import RUNS, Shared, choose_model, say_missing
from ..uploads import need_picture
from .detection_view import DetectionView

COMMANDS = """bash tools/quickstart.sh
python projects/demo/webapp.py --models work_dirs/quickstart"""


def build_detect_tab(shared: Shared) -> None:
    """Fill the tab.

    Args:
        shared: What tabs share.
    """
    names = shared.models.names('detection')
    if not names:
        say_missing('There is no detector here.', COMMANDS)
        return
    model = choose_model(names)
    button = gr.Button('Detect', variant='primary')
    view = DetectionView(shared)

    @in_words
    def detect(
        chosen: ImageSource | None, name: str, threshold: float
    ) -> tuple[Any, ...]:
        """Run the detector on the picture."""
        picture = need_picture(chosen)
        loaded = shared.models.get(name, 'detection')
        [result] = loaded.run(picture.array, progress=False)
        result = replace(result, source=picture)
        return view.show(result, loaded.origin, threshold)

    button.click(
        detect,
        [shared.picture, model, view.threshold],
        view.outputs,
        show_progress_on=view.status,
        **RUNS,
    )
