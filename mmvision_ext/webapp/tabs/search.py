"""Images of a folder that have some attributes and not others."""

from typing import Any

import gradio as gr

from mmvision_ext.apis.retrieval import search_attributes
from mmvision_ext.utils import InputError

from ..answers import search_json, search_rows, write_download
from ..errors import as_html, in_words
from ..search import NamedIndex, hit_pictures
from ..shared import (
    RUNS,
    Shared,
    json_button,
    offer,
    result_table,
    say_missing,
)

NAME = 'mobilenet-v2_1xb16-30e_apascal'
COMMANDS = f"""python tools/retrieve.py build PHOTOS --index work_dirs/index \\
    --model configs/coco_attributes/{NAME}.py work_dirs/{NAME}/epoch_30.pth
python projects/demo/webapp.py --index work_dirs/index"""
MOST = 48  # images


def build_search_tab(shared: Shared, indexes: list[NamedIndex]) -> None:
    """Fill the tab.

    Args:
        shared: What tabs share.
        indexes: What can be searched.
    """
    if not indexes:
        say_missing('There is no index of images here.', COMMANDS)
        return
    by_name = {item.name: item.index for item in indexes}
    choice = gr.Dropdown(
        list(by_name), value=indexes[0].name, label='Index', filterable=False
    )
    question = gr.Textbox(
        label='Attributes',
        placeholder='metal and not indoor',
        info='names with and, or, not and parentheses',
        max_length=2000,
    )
    count = gr.Slider(1, MOST, 12, step=1, label='Images shown', buttons=[])
    button = gr.Button('Search', variant='primary')
    gallery = gr.Gallery(
        label='Best first',
        columns=3,
        object_fit='contain',
        visible=False,
        interactive=False,
        buttons=['fullscreen'],
    )
    table = result_table(
        ['rank', 'score', 'image', 'attributes'], ['16%', '19%', '30%', '35%']
    )
    download = json_button()
    with gr.Accordion('Names of the attributes', open=False):
        names = gr.HTML(_names(by_name[indexes[0].name].names))

    @in_words
    def search(name: str, text: str, top: int) -> tuple[Any, ...]:
        """Search the index."""
        if name not in by_name:
            raise InputError(f'index: found none of the name {name!r}.')
        result = search_attributes(by_name[name], text, int(top))
        path = write_download(
            shared.downloads, 'search', 'hits', search_json(result, name)
        )
        pictures = gr.Gallery(hit_pictures(result), visible=True)
        return pictures, search_rows(result), offer(path)

    gr.on(
        [button.click, question.submit],
        search,
        [choice, question, count],
        [gallery, table, download],
        show_progress_on=table,
        **RUNS,
    )
    choice.input(
        lambda name: _names(by_name[name].names),
        choice,
        names,
        api_visibility='private',
    )


def _names(names: tuple[str, ...]) -> str:
    return as_html(', '.join(names))
