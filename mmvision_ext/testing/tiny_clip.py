"""CLIP architectures that are small enough for tests."""

import json
from pathlib import Path
from typing import Any

TINY_VIT = 'tiny-clip'  # 32 px; also with '-quickgelu'
TINY_RESNET = 'tiny-clip-resnet'  # 64 px; also with '-quickgelu'
TINY_DIMENSIONS = 16

_TEXT = dict(context_length=32, vocab_size=49408, width=16, heads=1, layers=2)
_TOWERS: dict[str, dict[str, Any]] = {
    TINY_VIT: dict(image_size=32, layers=2, width=64, patch_size=16),
    TINY_RESNET: dict(
        image_size=64, layers=[1, 1, 1, 1], width=8, patch_size=None
    ),
}


def register_tiny_clip(folder: Path) -> None:
    """Make open_clip know the tiny architectures, until the process ends.

    Args:
        folder: Where their config files are written.
    """
    import open_clip

    for name, tower in _TOWERS.items():
        for suffix, quick in (('', False), ('-quickgelu', True)):
            config = dict(
                embed_dim=TINY_DIMENSIONS,
                quick_gelu=quick,
                vision_cfg=tower,
                text_cfg=_TEXT,
            )
            path = folder / f'{name}{suffix}.json'
            path.write_text(json.dumps(config))
            open_clip.add_model_config(path)
