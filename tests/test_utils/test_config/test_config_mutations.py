"""Every known fault of a config is refused before the first batch."""

import logging
from pathlib import Path

import pytest
from mmengine.config import Config

from mmvision_ext.engine.launch import build_runner
from mmvision_ext.testing.config_faults import (
    BASE,
    BUILD_FAULTS,
    OPTION_FAULTS,
    RUNNER_FAULTS,
    TRAINING_FAULTS,
    ConfigFault,
)
from mmvision_ext.utils import InputError
from mmvision_ext.utils.config.check import check_config, check_runner
from mmvision_ext.utils.config.options import merge_options
from mmvision_ext.utils.config.read import read_config


@pytest.fixture(scope='module')
def sound(repository: Path, shapes_root: Path) -> Config:
    """A config that works, on a generated dataset."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('MMVISION_SHAPES_ROOT', str(shapes_root))
        return read_config(repository / BASE)


def _check(cfg: Config) -> None:
    check_runner(cfg)
    check_config(cfg, ('train', 'val'))


def test_the_sound_config_passes(sound: Config) -> None:
    _check(sound)


def test_there_are_forty_of_them_and_all_differ() -> None:
    faults = [*RUNNER_FAULTS, *TRAINING_FAULTS, *BUILD_FAULTS, *OPTION_FAULTS]
    assert len({fault.name for fault in faults}) == len(faults) > 40


@pytest.mark.parametrize(
    'fault', RUNNER_FAULTS + TRAINING_FAULTS, ids=lambda fault: fault.name
)
def test_a_fault_is_refused_with_its_key(
    fault: ConfigFault, sound: Config
) -> None:
    broken = fault.inject(sound)
    with pytest.raises(InputError) as caught:
        check_runner(broken) if fault in RUNNER_FAULTS else _check(broken)
    text = str(caught.value)
    assert f'\n  - {fault.key}' in text
    assert fault.likely in text
    assert text.count('\n  - ') == 1


@pytest.mark.parametrize('fault', OPTION_FAULTS, ids=lambda fault: fault.name)
def test_a_mistyped_option_is_refused(
    fault: ConfigFault, sound: Config
) -> None:
    cfg = sound.copy()
    with pytest.raises(InputError, match=f'^--cfg-options {fault.key}') as got:
        merge_options(cfg, fault.options)
    assert fault.likely in str(got.value)


@pytest.mark.parametrize('fault', BUILD_FAULTS, ids=lambda fault: fault.name)
def test_a_constructor_names_its_part(
    fault: ConfigFault, sound: Config, tmp_path: Path
) -> None:
    broken = fault.inject(sound)
    broken.work_dir, broken.launcher = str(tmp_path), 'none'
    with pytest.raises(InputError, match=rf'^{fault.key}: .*raised in'):
        build_runner(broken)


def test_a_mistyped_runner_is_refused(sound: Config) -> None:
    broken = sound.copy()
    broken.runner_type = 'mmvision_ext.Runer'
    with pytest.raises(InputError, match=r"mean 'mmvision_ext\.Runner'"):
        build_runner(broken)


def test_options_that_are_meant_pass(sound: Config) -> None:
    cfg = sound.copy()
    options = {
        'train_dataloader.dataset.indices': 4,
        'train_dataloader.dataset.metainfo.classes': ('a',),
        'optim_wrapper.paramwise_cfg.norm_decay_mult': 0,
        'model.test_cfg.rcnn.nms.iou_threshold': 0.6,
        'model_wrapper_cfg.find_unused_parameters': True,
        'default_hooks.ema.type': 'EMAHook',
        'resume': True,
    }
    merge_options(cfg, options)
    assert cfg.default_hooks.ema.type == 'EMAHook'
    assert cfg.train_dataloader.dataset.indices == 4


def test_a_variable_that_was_used_already_is_told(
    sound: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, int]] = []
    monkeypatch.setattr(
        'mmvision_ext.utils.config.options.print_log',
        lambda text, logger, level: told.append((text, level)),
    )
    merge_options(sound.copy(), {'width': 32, 'train_cfg.max_epochs': 2})
    [(text, level)] = told
    assert "no run reads 'width'" in text and level == logging.WARNING
