"""What the command-line tools change in a config."""

from pathlib import Path
from typing import Any

import pytest
from mmengine.config import Config
from torch.utils.data import DataLoader, Dataset

from mmvision_ext.datasets import LoadUprightImage
from mmvision_ext.engine.launch import (
    dump_predictions,
    enable_amp,
    exit_on_input_error,
)
from mmvision_ext.engine.optimizers import MixedPrecisionOptimWrapper
from mmvision_ext.utils import InputError
from mmvision_ext.utils.config import check as config_check


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the check see a GPU."""
    monkeypatch.setattr(config_check, 'is_cuda_available', lambda: True)


@pytest.mark.usefixtures('gpu')
def test_amp_keeps_what_the_config_says() -> None:
    cfg = Config(dict(optim_wrapper=dict(optimizer=dict(lr=1), loss_scale=8)))
    enable_amp(cfg)
    assert cfg.optim_wrapper.to_dict() == dict(
        type='AmpOptimWrapper', optimizer=dict(lr=1), loss_scale=8
    )


@pytest.mark.usefixtures('gpu')
def test_amp_leaves_other_wrappers_alone() -> None:
    cfg = Config(dict(optim_wrapper=dict(type='DeepSpeedOptimWrapper')))
    with pytest.raises(InputError, match='found DeepSpeedOptimWrapper'):
        enable_amp(cfg)


@pytest.mark.parametrize(
    'kind',
    ['mmvision_ext.MixedPrecisionOptimWrapper', MixedPrecisionOptimWrapper],
)
def test_amp_turns_our_own_wrapper_on_without_a_gpu(
    monkeypatch: pytest.MonkeyPatch, kind: Any
) -> None:
    monkeypatch.setattr(config_check, 'is_cuda_available', lambda: False)
    cfg = Config(dict(optim_wrapper=dict(type=kind, enabled=False)))
    enable_amp(cfg)
    assert cfg.optim_wrapper.to_dict() == dict(type=kind, enabled=True)
    assert config_check.amp_faults(cfg.optim_wrapper) == []


def test_amp_without_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config_check, 'is_cuda_available', lambda: False)
    cfg = Config(dict(optim_wrapper=dict(type='OptimWrapper')))
    with pytest.raises(InputError, match='needs a GPU.*Leave out --amp'):
        enable_amp(cfg)
    assert cfg.optim_wrapper.type == 'OptimWrapper'


METRIC = dict(type='CocoMetric')


@pytest.mark.parametrize('evaluator', [METRIC, [METRIC], dict(metrics=METRIC)])
@pytest.mark.parametrize(
    'scope, dump',
    [
        ('mmdet', 'mmdet.DumpDetResults'),
        ('mmpretrain', 'mmvision_ext.DumpPredictions'),
    ],
)
def test_predictions_are_written_after_they_are_measured(
    evaluator: Any, scope: str, dump: str
) -> None:
    cfg = Config(dict(default_scope=scope, test_evaluator=evaluator))
    dump_predictions(cfg, 'a.pkl')
    assert cfg.test_evaluator.to_dict() == dict(
        metrics=[METRIC, dict(type=dump, out_file_path='a.pkl')]
    )


@pytest.mark.parametrize('settings', [{}, dict(test_evaluator=None)])
def test_nothing_is_measured(settings: dict[str, Any]) -> None:
    with pytest.raises(InputError, match='expected a test_evaluator, found'):
        dump_predictions(Config(settings), 'a.pkl')


def test_metrics_of_several_datasets_are_not_dumped() -> None:
    cfg = Config(
        dict(
            test_evaluator=dict(
                type='MultiDatasetsEvaluator', metrics=[METRIC, METRIC]
            )
        )
    )
    with pytest.raises(InputError, match='found MultiDatasetsEvaluator'):
        dump_predictions(cfg, 'a.pkl')


class OneFile(Dataset):
    """A dataset of one image that cannot be read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __len__(self) -> int:
        return 1

    def __getitem__(self, index: int) -> dict[str, Any]:
        return LoadUprightImage()(dict(img_path=str(self.path)))


@pytest.mark.parametrize('num_workers', [0, 1])
def test_an_error_of_a_worker_is_one_message(
    num_workers: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / 'broken.jpg'
    path.write_text('no image')
    loader = DataLoader(OneFile(path), num_workers=num_workers)
    with pytest.raises(SystemExit) as caught, exit_on_input_error():
        list(loader)
    assert caught.value.code == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith('error: expected an image, found a file')
    assert str(path) in line and line.endswith('folder or the list.')


def test_a_message_of_several_lines_stays_whole(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit), exit_on_input_error():
        raise InputError('the config cannot work:\n  - a\n  - b')
    assert capsys.readouterr().err == (
        'error: the config cannot work:\n  - a\n  - b\n'
    )
