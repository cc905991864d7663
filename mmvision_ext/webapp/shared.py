"""What the tabs of the page have in common."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from .models import ModelStore

#: Options of events that run a model: one at a time, over all tabs.
RUNS: dict[str, Any] = dict(
    concurrency_limit=1, concurrency_id='model', api_visibility='private'
)

#: Options of events that show another part of a kept result.
FOLLOWS: dict[str, Any] = dict(
    show_progress='hidden',
    trigger_mode='always_last',
    api_visibility='private',
)


@dataclass(frozen=True)
class Shared:
    """What every tab gets.

    Attributes:
        models: The models.
        picture: The picture that was chosen, an ``ImageSource`` or None.
        downloads: Folder for JSON files.
    """

    models: ModelStore
    picture: gr.State
    downloads: Path


def say_missing(what: str, commands: str) -> None:
    """Say that a tab has no model, and which commands make one.

    Args:
        what: What is missing.
        commands: The commands.
    """
    gr.Markdown(f'**{what}** These commands make one:', elem_classes='missing')
    gr.Code(
        commands,
        language='shell',
        show_label=False,
        interactive=False,
        lines=1,
        wrap_lines=True,
    )


def choose_model(names: Sequence[str]) -> gr.Dropdown:
    """A choice of models.

    Args:
        names: At least one.

    Returns:
        The component; the first one is chosen.
    """
    return gr.Dropdown(
        list(names), value=names[0], label='Model', filterable=len(names) > 8
    )


def threshold_slider(lowest: float, value: float) -> gr.Slider:
    """A slider for scores.

    Args:
        lowest: Its lowest value.
        value: Where it begins.

    Returns:
        The component.
    """
    return gr.Slider(
        lowest,
        1,
        value,
        step=0.01,
        label='Lowest score',
        info='filters what was found; the model does not run again',
        buttons=[],
    )


def result_table(headers: Sequence[str], widths: Sequence[str]) -> Any:
    """An empty table for results.

    Args:
        headers: Of its columns.
        widths: Of its columns, in per cent.

    Returns:
        The component.
    """
    return gr.Dataframe(
        headers=list(headers),
        datatype='auto',
        interactive=False,
        column_widths=list(widths),
        max_height=320,
        wrap=True,
        show_label=False,
        buttons=[],
    )


def json_button() -> gr.DownloadButton:
    """A button that downloads a result, once there is one.

    Returns:
        The component.
    """
    return gr.DownloadButton('Download JSON', interactive=False, size='md')


def offer(path: str) -> gr.DownloadButton:
    """Let the button offer a file.

    Args:
        path: The file.

    Returns:
        The update of the button.
    """
    return gr.DownloadButton(value=path, interactive=True)
