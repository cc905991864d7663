"""The class of a picture."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import gradio as gr

from mmvision_ext.apis.sources import ImageSource

from ..answers import class_json, class_rows, write_download
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
)
from ..uploads import need_picture

if TYPE_CHECKING:
    from mmvision_ext.apis import ClassificationResult

NAME = 'resnet20_1xb128-200e_cifar100'
COMMANDS = f"""python tools/train.py configs/cifar100/{NAME}.py
python projects/demo/webapp.py --models work_dirs/{NAME}"""
MOST = 20  # classes


def build_classify_tab(shared: Shared) -> None:
    """Fill the tab.

    Args:
        shared: What tabs share.
    """
    names = shared.models.names('classification')
    if not names:
        say_missing('There is no classifier here.', COMMANDS)
        return
    kept = gr.State(None)
    model = choose_model(names)
    button = gr.Button('Classify', variant='primary')
    count = gr.Slider(1, MOST, 5, step=1, label='Classes shown', buttons=[])
    bars = gr.Label(label='Best classes', visible=False)
    table = result_table(['rank', 'class', 'score'], ['20%', '50%', '30%'])
    download = json_button()

    def follow(
        result: 'ClassificationResult | None', k: int
    ) -> tuple[Any, Any]:
        """Show so many classes of the kept result."""
        if result is None:
            return gr.skip(), gr.skip()
        return (
            gr.Label(dict(result.top(k)), visible=True),
            class_rows(result, k),
        )

    @in_words
    def classify(
        chosen: ImageSource | None, name: str, k: int
    ) -> tuple[Any, ...]:
        """Run the classifier on the picture."""
        picture = need_picture(chosen)
        loaded = shared.models.get(name, 'classification')
        [result] = loaded.run(picture.array, progress=False)
        result = replace(result, source=picture)
        content = class_json(result, loaded.origin)
        path = write_download(
            shared.downloads, picture.name, 'classes', content
        )
        return result, *follow(result, k), offer(path)

    button.click(
        classify,
        [shared.picture, model, count],
        [kept, bars, table, download],
        show_progress_on=table,
        **RUNS,
    )
    count.input(in_words(follow), [kept, count], [bars, table], **FOLLOWS)
