"""Faults of a config are found before any data is read."""

from pathlib import Path
from typing import Any

import pytest
from mmengine.config import ConfigDict

from mmvision_ext.utils import InputError
from mmvision_ext.utils.config_check import check_config, iter_datasets


def _config(
    root: Path, classes: Any = ('a', 'b'), heads: int = 2, **metainfo: Any
) -> ConfigDict:
    (root / 'images').mkdir(exist_ok=True)
    (root / 'train.json').touch()
    loader = dict(
        dataset=dict(
            type='CocoDataset',
            data_root=str(root),
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


def _faults(cfg: ConfigDict, *modes: str) -> str:
    with pytest.raises(InputError) as caught:
        check_config(cfg, modes or ('train', 'val'))
    return str(caught.value)


def test_a_sound_config_passes(tmp_path: Path) -> None:
    check_config(_config(tmp_path), ('train', 'val'))


def test_class_counts_name_every_head_and_the_value(tmp_path: Path) -> None:
    text = _faults(_config(tmp_path, heads=80))
    assert 'set model.roi_head.bbox_head.0.num_classes = 2' in text
    assert 'set model.roi_head.mask_head.num_classes = 2' in text
    assert 'rpn_head' not in text


def test_counts_of_other_things_are_left_alone(tmp_path: Path) -> None:
    cfg = _config(tmp_path)
    cfg.model.roi_head.semantic_head = dict(num_classes=183)  # pixels
    cfg.model.bbox_head = dict(type='GroundingDINOHead', num_classes=256)
    check_config(cfg, ('train',))


def test_classes_of_the_dataset_type_count_too(tmp_path: Path) -> None:
    cfg = _config(tmp_path, heads=20)
    cfg.train_dataloader.dataset.pop('metainfo')
    cfg.pop('val_dataloader')
    assert 'num_classes = 80' in _faults(cfg, 'train')


def test_train_and_val_need_the_same_classes(tmp_path: Path) -> None:
    cfg = _config(tmp_path)
    cfg.val_dataloader = _config(tmp_path, classes=('a',)).val_dataloader
    assert 'val_dataloader.dataset has 1 classes' in _faults(cfg)


def test_a_string_in_the_place_of_a_tuple(tmp_path: Path) -> None:
    text = _faults(_config(tmp_path, classes=('cat'), heads=3), 'train')
    assert "write a tuple, ('cat', ) with the comma" in text


def test_palette_of_another_length(tmp_path: Path) -> None:
    text = _faults(_config(tmp_path, palette=[(0, 0, 0)]), 'train')
    assert 'metainfo.palette has 1 colours for 2 classes' in text


@pytest.mark.parametrize(
    'key, value, message',
    [
        ('data_root', '/nowhere', "data_root: no folder '/nowhere'"),
        ('ann_file', 'gone.json', 'ann_file: no file'),
        ('data_prefix', dict(img='gone'), 'data_prefix.img: no folder'),
    ],
)
def test_missing_files_name_the_key(
    tmp_path: Path, key: str, value: Any, message: str
) -> None:
    cfg = _config(tmp_path)
    cfg.train_dataloader.dataset[key] = value
    text = _faults(cfg)
    assert 'train_dataloader.dataset' in text and message in text


def test_only_the_loaders_in_use_are_checked(tmp_path: Path) -> None:
    cfg = _config(tmp_path)
    cfg.train_dataloader.dataset.data_root = '/nowhere'
    check_config(cfg, ('val',))


def test_missing_checkpoints_name_the_key(tmp_path: Path) -> None:
    cfg = _config(tmp_path)
    cfg.model.backbone = dict(
        init_cfg=dict(type='Pretrained', checkpoint='gone.pth')
    )
    assert "model.backbone.init_cfg.checkpoint: no file 'gone.pth'" in _faults(
        cfg
    )
    cfg.load_from = 'lost.pth'
    assert "load_from: no file 'lost.pth'" in _faults(cfg)
    cfg.load_from = 'https://example.org/a.pth'
    check_config(cfg, ('train',))


def test_wrappers_are_walked() -> None:
    leaf = dict(type='X')
    wrapped = dict(
        type='RepeatDataset',
        dataset=dict(type='ConcatDataset', datasets=[leaf, leaf]),
    )
    assert [key for key, _ in iter_datasets(wrapped, 'd')] == [
        'd.dataset.datasets.0',
        'd.dataset.datasets.1',
    ]


def test_several_faults_come_in_one_message(tmp_path: Path) -> None:
    cfg = _config(tmp_path, heads=80)
    cfg.load_from = 'lost.pth'
    assert _faults(cfg).count('\n  - ') == 3
