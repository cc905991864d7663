"""What the command-line tools change in a config."""

from typing import Any

import pytest
from mmengine.config import Config

from mmvision_ext.engine.launch import dump_predictions, enable_amp
from mmvision_ext.utils import InputError, config_check


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
        ('mmpretrain', 'mmengine.DumpResults'),
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
