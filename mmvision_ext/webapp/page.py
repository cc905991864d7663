"""The page: a picture at the left, a tab for each task at the right."""

from pathlib import Path
from tempfile import gettempdir
from typing import Any

import gradio as gr

from mmvision_ext.apis.sources import ImageSource
from mmvision_ext.utils import InputError

from .errors import NOTICE, as_html, in_words
from .models import ModelStore
from .search import NamedIndex
from .shared import Shared
from .tabs.attributes import build_attributes_tab
from .tabs.classify import build_classify_tab
from .tabs.detect import build_detect_tab
from .tabs.search import build_search_tab
from .tabs.words import build_words_tab
from .uploads import MAX_PIXELS, read_upload, thumbnail

PREVIEW = 640  # long side in pixels

#: Seconds after which files that nobody asked for again are removed.
KEEP_FILES = 3600

Chosen = tuple[ImageSource | None, object, object]


def build_page(
    models: ModelStore,
    examples: list[Path],
    indexes: list[NamedIndex],
    downloads: str | Path | None = None,
    max_pixels: int = MAX_PIXELS,
) -> gr.Blocks:
    """Put the page together.

    Args:
        models: The models.
        examples: Pictures to choose from.
        indexes: What can be searched.
        downloads: Folder for JSON files; None takes the system's for
            temporary files.
        max_pixels: Most pixels of an upload.

    Returns:
        The page.
    """
    with gr.Blocks(
        analytics_enabled=False,
        title='mmvision_ext',
        delete_cache=(KEEP_FILES, KEEP_FILES),
    ) as page:
        gr.Markdown('# mmvision_ext\nTry trained models on your own pictures.')
        with gr.Row():
            with gr.Column(scale=2, min_width=300):
                picture = _build_picture(examples, max_pixels)
            with gr.Column(scale=3, min_width=300), gr.Tabs():
                shared = Shared(
                    models, picture, Path(downloads or gettempdir())
                )
                with gr.Tab('Detect'):
                    build_detect_tab(shared)
                with gr.Tab('Classify'):
                    build_classify_tab(shared)
                with gr.Tab('Attributes'):
                    build_attributes_tab(shared)
                with gr.Tab('Words'):
                    build_words_tab(shared)
                with gr.Tab('Search'):
                    build_search_tab(shared, indexes)
        _list_left_out(models)
    return page


def _build_picture(examples: list[Path], max_pixels: int) -> gr.State:
    """The upload, the examples and the picture that was chosen."""
    picture = gr.State(None)
    upload = gr.File(
        label='Picture: drop it here, or choose a file',
        file_types=['image'],
        height=150,
        elem_id='upload',
    )
    preview = gr.Image(
        label='Chosen picture',
        interactive=False,
        visible=False,
        height=280,
        buttons=['fullscreen'],
        elem_id='preview',
    )
    sources = [ImageSource(str(path), path) for path in examples]
    if sources:
        gr.Markdown('Or choose an example:')
    gallery = gr.Gallery(
        [thumbnail(source) for source in sources],
        show_label=False,
        columns=4,
        object_fit='cover',
        allow_preview=False,
        interactive=False,
        visible=bool(sources),
        elem_id='examples',
        buttons=[],
    )

    @in_words
    def take_upload(path: str) -> Chosen:
        """Look at an upload, and show it or say what is wrong with it."""
        chosen, shown = _choose(path, max_pixels)
        return chosen, shown, gr.skip() if chosen else None

    @in_words
    def take_example(event: gr.SelectData) -> Chosen:
        """Choose an example by its place, never by a path."""
        return *_choose(examples[event.index], max_pixels), None

    outputs = [picture, preview, upload]
    options: dict[str, Any] = dict(
        show_progress='minimal', api_visibility='private'
    )
    upload.upload(take_upload, upload, outputs, **options)
    upload.clear(
        lambda: (None, gr.Image(None, visible=False)),
        None,
        outputs[:2],
        **options,
    )
    gallery.select(take_example, None, outputs, **options)
    return picture


def _choose(
    path: str | Path, max_pixels: int
) -> tuple[ImageSource | None, gr.Image]:
    """The picture and its preview; neither where it is refused."""
    try:
        picture = read_upload(path, max_pixels)
    except InputError as error:
        gr.Warning(as_html(str(error)), duration=NOTICE, title='Refused')
        return None, gr.Image(None, visible=False)
    shown = gr.Image(
        thumbnail(picture, PREVIEW), visible=True, label=picture.name
    )
    return picture, shown


def _list_left_out(models: ModelStore) -> None:
    """Name the folders that are no model of the page."""
    left_out = models.catalog.left_out
    if left_out:
        with gr.Accordion(f'{len(left_out)} models left out', open=False):
            gr.HTML('<br>'.join(map(as_html, left_out)))
