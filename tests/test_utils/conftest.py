"""A small sound config on files that exist."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mmengine.config import ConfigDict


@pytest.fixture
def make_config(tmp_path: Path) -> Callable[..., ConfigDict]:
    """A function that makes a detection config with two classes."""

    def make(
        classes: Any = ('a', 'b'), heads: int = 2, **metainfo: Any
    ) -> ConfigDict:
        (tmp_path / 'images').mkdir(exist_ok=True)
        (tmp_path / 'train.json').touch()
        loader = dict(
            dataset=dict(
                type='CocoDataset',
                data_root=str(tmp_path),
                ann_file='train.json',
                data_prefix=dict(img='images'),
                metainfo=dict(classes=classes, **metainfo),
            )
        )
        return ConfigDict(
            default_scope='mmdet',
            train_dataloader=loader,
            val_dataloader=loader,
            model=dict(
                rpn_head=dict(num_classes=1),
                roi_head=dict(
                    bbox_head=[dict(num_classes=heads)],
                    mask_head=dict(num_classes=heads),
                ),
            ),
        )

    return make
