"""Detectors from files, and what is wrong with files."""

from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from mmvision_ext.apis.model import load_config, load_detector
from mmvision_ext.utils import InputError


def test_weights_arrive_and_the_model_is_ready(mask_rcnn) -> None:
    model = load_detector(mask_rcnn.config, mask_rcnn.checkpoint, 'cpu')
    saved = torch.load(mask_rcnn.checkpoint, weights_only=True)['state_dict']
    name = 'roi_head.bbox_head.fc_cls.weight'
    assert torch.equal(model.state_dict()[name], saved[name])
    assert not model.training
    assert model.dataset_meta['classes'] == ('circle', 'square', 'triangle')
    assert len(model.dataset_meta['palette']) == 3


def test_no_warning_of_missing_weights(mask_rcnn, recwarn) -> None:
    load_detector(mask_rcnn.config, mask_rcnn.checkpoint, 'cpu')
    assert not [
        warning
        for warning in recwarn
        if 'checkpoint is None' in str(warning.message)
    ]


def test_class_names_come_from_the_config_without_meta(
    mask_rcnn, tmp_path: Path
) -> None:
    content = torch.load(mask_rcnn.checkpoint, weights_only=True)
    torch.save(content['state_dict'], tmp_path / 'bare.pth')
    model = load_detector(mask_rcnn.config, tmp_path / 'bare.pth', 'cpu')
    assert tuple(model.dataset_meta['classes']) == (
        'circle',
        'square',
        'triangle',
    )


def test_no_class_names_anywhere_is_an_error(
    mask_rcnn, tmp_path: Path, monkeypatch
) -> None:
    content = torch.load(mask_rcnn.checkpoint, weights_only=True)
    torch.save(content['state_dict'], tmp_path / 'bare.pth')
    monkeypatch.setattr(
        'mmvision_ext.apis.model.dataset_metainfo', lambda config: {}
    )
    with pytest.raises(InputError, match='class names: found none'):
        load_detector(mask_rcnn.config, tmp_path / 'bare.pth', 'cpu')


def test_weights_of_another_model_are_refused(mask_rcnn, sparse_rcnn) -> None:
    with pytest.raises(InputError, match='(?s)does not fit.*missing'):
        load_detector(mask_rcnn.config, sparse_rcnn.checkpoint, 'cpu')


def test_weights_without_a_place_are_told_of(
    mask_rcnn, tmp_path: Path
) -> None:
    content = torch.load(mask_rcnn.checkpoint, weights_only=True)
    for name in ('roi_head.context.bias', 'roi_head.context.prior_weight'):
        content['state_dict'][name] = torch.zeros(())
    torch.save(content, tmp_path / 'more.pth')
    with pytest.warns(UserWarning, match=r'2 of \d+ .*context\.bias, '):
        load_detector(mask_rcnn.config, tmp_path / 'more.pth', 'cpu')


def test_weights_for_another_class_count_are_refused(mask_rcnn) -> None:
    config = Config.fromfile(mask_rcnn.config)
    config.model.roi_head.bbox_head.num_classes = 7
    with pytest.raises(InputError, match=r'mismatched.*fc_cls') as error:
        load_detector(config, mask_rcnn.checkpoint, 'cpu')
    assert mask_rcnn.checkpoint in str(error.value)


def test_missing_files_are_named(mask_rcnn, tmp_path: Path) -> None:
    with pytest.raises(InputError, match='config: .*none at .*no.py'):
        load_detector(tmp_path / 'no.py', mask_rcnn.checkpoint)
    with pytest.raises(InputError, match='checkpoint: .*none at .*no.pth'):
        load_detector(mask_rcnn.config, tmp_path / 'no.pth')


def test_a_config_of_the_caller_is_not_changed(mask_rcnn) -> None:
    config = Config.fromfile(mask_rcnn.config)
    copy = load_config(config)
    copy.model.backbone.depth = 99
    assert config.model.backbone.depth == 18
