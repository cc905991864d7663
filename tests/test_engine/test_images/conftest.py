"""Datasets of generated files."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mmdet.datasets import CocoDataset
from mmengine.registry import init_default_scope
from mmpretrain.datasets import CustomDataset

from mmvision_ext.testing.image_faults import make_image_folder, write_boxes

SIZE = (48, 32)


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    """24 files of three classes."""
    return make_image_folder(tmp_path / 'data', size=SIZE)


@pytest.fixture
def classification(tmp_path: Path, paths: list[Path]) -> CustomDataset:
    """A dataset of mmpretrain, with its list of files read."""
    init_default_scope('mmpretrain')
    return CustomDataset(
        data_root=str(tmp_path / 'data'),
        pipeline=[dict(type='LoadImageFromFile'), dict(type='PackInputs')],
    )


@pytest.fixture
def make_detection(
    tmp_path: Path, paths: list[Path]
) -> Callable[..., CocoDataset]:
    """A factory of mmdet's dataset; annotated sizes are those of now."""

    def make(**loading: Any) -> CocoDataset:
        init_default_scope('mmdet')
        ann_file = write_boxes(tmp_path, paths)
        return CocoDataset(
            data_root=str(tmp_path),
            ann_file=ann_file.name,
            data_prefix=dict(img=''),
            metainfo=dict(classes=('thing',)),
            pipeline=[
                dict(type='LoadImageFromFile', **loading),
                dict(type='LoadAnnotations', with_bbox=True),
                dict(type='PackDetInputs'),
            ],
        )

    return make
