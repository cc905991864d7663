"""Faults of a config are found before any data is read."""

import logging
from collections.abc import Callable
from importlib import util
from pathlib import Path
from typing import Any

import pytest
from mmengine.config import Config, ConfigDict

from mmvision_ext.utils import InputError
from mmvision_ext.utils.config import check as config_check
from mmvision_ext.utils.config.check import check_config

MakeConfig = Callable[..., ConfigDict]


def _faults(cfg: ConfigDict, *modes: str) -> str:
    with pytest.raises(InputError) as caught:
        check_config(cfg, modes or ('train', 'val'))
    return str(caught.value)


@pytest.fixture
def warnings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the check logs."""
    texts: list[str] = []

    def note(text: str, logger: str, level: int) -> None:
        assert (logger, level) == ('current', logging.WARNING)
        texts.append(text)

    monkeypatch.setattr(config_check, 'print_log', note)
    return texts


def test_a_sound_config_passes(
    make_config: MakeConfig, warnings: list[str]
) -> None:
    check_config(make_config(), ('train', 'val'))
    assert not warnings


def test_the_heads_are_for_the_training_data(
    make_config: MakeConfig, warnings: list[str]
) -> None:
    cfg = make_config()
    cfg.val_dataloader = make_config(classes=('a',)).val_dataloader
    check_config(cfg, ('train', 'val'))
    [text] = warnings
    assert text.startswith(
        'train_dataloader.dataset has 2 classes, but '
        'val_dataloader.dataset has 1'
    )
    assert 'val_dataloader.dataset has 1 classes' in _faults(cfg, 'val')


def test_only_the_loaders_in_use_are_checked(make_config: MakeConfig) -> None:
    cfg = make_config()
    cfg.train_dataloader.dataset.data_root = '/nowhere'
    check_config(cfg, ('val',))


def test_several_faults_come_in_one_message(make_config: MakeConfig) -> None:
    cfg = make_config(heads=80)
    cfg.load_from = 'lost.pth'
    assert _faults(cfg).count('\n  - ') == 3


def test_pretrained_parts_are_looked_for_in_a_training_only(
    make_config: MakeConfig,
) -> None:
    cfg = make_config()
    cfg.model.backbone = dict(
        init_cfg=dict(type='Pretrained', checkpoint='gone.pth')
    )
    cfg.load_from = 'https://example.org/a.pth'  # mmengine reads both
    check_config(cfg, ('val',))
    assert "model.backbone.init_cfg.checkpoint: no file 'gone.pth'" in _faults(
        cfg
    )


def test_a_list_of_data_loaders_is_not_for_mmengine(
    make_config: MakeConfig,
) -> None:
    cfg = make_config()
    cfg.test_dataloader = [cfg.val_dataloader, cfg.val_dataloader]
    text = _faults(cfg, 'test')
    assert 'test_dataloader is a list' in text and 'ConcatDataset' in text


@pytest.mark.parametrize('download', [None, True, False])
def test_datasets_that_download_need_no_files(download: bool | None) -> None:
    dataset = dict(type='CIFAR10', data_root='/nowhere')
    if download is not None:
        dataset['download'] = download
    cfg = ConfigDict(
        default_scope='mmpretrain', train_dataloader=dict(dataset=dataset)
    )
    if download is False:
        assert "data_root: no folder '/nowhere'" in _faults(cfg)
    else:
        check_config(cfg, ('train',))


@pytest.mark.parametrize('gpu', [True, False])
def test_mixed_precision_needs_a_gpu_to_train(
    gpu: bool, make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config_check, 'is_cuda_available', lambda: gpu)
    cfg = make_config()
    cfg.optim_wrapper = dict(type='AmpOptimWrapper', dtype='bfloat16')
    check_config(cfg, ('val',))
    if gpu:
        check_config(cfg, ('train',))
    else:
        assert 'needs a GPU' in _faults(cfg, 'train')


@pytest.mark.parametrize(
    'host, name',
    [
        ('mmdet', 'panoptic_fpn/panoptic-fpn_r50_fpn_1x_coco.py'),
        ('mmdet', 'mask2former/mask2former_r50_8xb2-lsj-50e_coco-panoptic.py'),
        ('mmdet', 'mask2former/mask2former_r50_8xb2-lsj-50e_coco.py'),
        (
            'mmdet',
            'deepsort/deepsort_faster-rcnn_r50_fpn_8xb2-4e_'
            'mot17halftrain_test-mot17halfval.py',
        ),
        (
            'mmdet',
            'bytetrack/bytetrack_yolox_x_8xb4-80e_crowdhuman-'
            'mot17halftrain_test-mot17halfval.py',
        ),
        (
            'mmdet',
            'glip/odinw/glip_atss_swin-t_a_fpn_dyhead_pretrain_odinw13.py',
        ),
        (
            'mmdet',
            'glip/lvis/'
            'glip_atss_swin-l_fpn_dyhead_pretrain_zeroshot_mini-lvis.py',
        ),
        ('mmpretrain', 'resnet/resnet18_8xb16_cifar10.py'),
    ],
)
@pytest.mark.parametrize('modes', [('train', 'val'), ('val',), ('test',)])
def test_configs_of_the_hosts_have_no_wrong_count(
    host: str,
    name: str,
    modes: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
    warnings: list[str],
) -> None:
    for check in (
        'missing_data',
        'missing_annotations',
        'missing_checkpoints',
        'amp_faults',
    ):
        monkeypatch.setattr(config_check, check, lambda *args: [])
    [package] = util.find_spec(host).submodule_search_locations
    cfg = Config.fromfile(Path(package) / '.mim' / 'configs' / name)
    check_config(cfg, modes)
    assert not warnings


@pytest.mark.parametrize(
    'host, name, key, right',
    [
        (
            'mmdet',
            'panoptic_fpn/panoptic-fpn_r50_fpn_1x_coco.py',
            'model.panoptic_fusion_head.num_stuff_classes',
            53,
        ),
        (
            'mmdet',
            'panoptic_fpn/panoptic-fpn_r50_fpn_1x_coco.py',
            'model.roi_head.mask_head.num_classes',
            80,
        ),
        (
            'mmpretrain',
            'resnet/resnet18_8xb16_cifar10.py',
            'model.head.num_classes',
            10,
        ),
    ],
)
def test_a_wrong_count_in_them_is_found(
    host: str,
    name: str,
    key: str,
    right: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for check in ('missing_data', 'missing_annotations'):
        monkeypatch.setattr(config_check, check, lambda *args: [])
    [package] = util.find_spec(host).submodule_search_locations
    cfg = Config.fromfile(Path(package) / '.mim' / 'configs' / name)
    wrong: dict[str, Any] = {key: right + 1}
    cfg.merge_from_dict(wrong)
    text = _faults(cfg)
    assert f'set {key} = {right}' in text and text.count('\n  - ') == 1
