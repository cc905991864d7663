"""Files that a config names and that do not exist."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mmengine.config import ConfigDict
from mmengine.model import PretrainedInit

from mmvision_ext.utils.config.file_check import (
    missing_checkpoints,
    missing_data,
)


def _dataset(make_config: Callable[..., ConfigDict]) -> ConfigDict:
    return make_config().train_dataloader.dataset


@pytest.mark.parametrize(
    'key, value, message',
    [
        ('data_root', '/nowhere', "d.data_root: no folder '/nowhere'"),
        ('ann_file', 'gone.json', 'd.ann_file: no file'),
        (
            'ann_file',
            ['a.json', 'b.json'],
            'd.ann_file: expected one file, found a list of 2',
        ),
        ('data_prefix', dict(img='gone'), 'd.data_prefix.img: no folder'),
        ('data_prefix', 'gone', 'd.data_prefix.img_path: no folder'),
        (
            'data_prefix',
            dict(img=['a', 'b']),
            'd.data_prefix.img: expected one folder',
        ),
    ],
)
def test_missing_files_name_the_key(
    make_config: Callable[..., ConfigDict], key: str, value: Any, message: str
) -> None:
    dataset = _dataset(make_config)
    assert missing_data('d', dataset) == []
    dataset[key] = value
    [fault] = missing_data('d', dataset)
    assert fault.startswith(message)


@pytest.mark.parametrize(
    'change',
    [
        dict(data_root='s3://bucket/coco'),
        dict(data_root='/nowhere', backend_args=dict(backend='petrel')),
        dict(data_prefix=dict(seg='gone')),
        dict(data_prefix=None, ann_file=''),
    ],
)
def test_files_of_other_machines_are_not_looked_for(
    make_config: Callable[..., ConfigDict], change: dict[str, Any]
) -> None:
    dataset = _dataset(make_config)
    dataset.update(change)
    assert missing_data('d', dataset) == []


@pytest.mark.parametrize('kind', ['Pretrained', PretrainedInit])
@pytest.mark.parametrize(
    'other',
    [
        dict(),
        dict(resume=True),
        dict(load_from='https://example.org/a.pth'),
    ],
)
def test_pretrained_parts_are_for_every_training_and_no_test(
    kind: Any, other: dict[str, Any]
) -> None:
    init_cfg = dict(type=kind, checkpoint='gone.pth')
    cfg = dict(model=dict(backbone=dict(init_cfg=[init_cfg])), **other)
    assert missing_checkpoints(cfg, training=True) == [
        "model.backbone.init_cfg.0.checkpoint: no file 'gone.pth'"
    ]
    assert missing_checkpoints(cfg, training=False) == []


@pytest.mark.parametrize('training', [True, False])
def test_load_from_is_always_needed(training: bool) -> None:
    assert missing_checkpoints(dict(load_from='lost.pth'), training) == [
        "load_from: no file 'lost.pth'"
    ]


def test_home_folder_is_expanded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv('HOME', str(tmp_path))
    cfg = dict(load_from='~/a.pth')
    assert missing_checkpoints(cfg, True) == ["load_from: no file '~/a.pth'"]
    (tmp_path / 'a.pth').touch()
    assert missing_checkpoints(cfg, True) == []
