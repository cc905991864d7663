"""What works, or may work, is not refused."""

from pathlib import Path
from typing import Any

import pytest
from mmengine.config import Config, ConfigDict
from mmengine.dataset import BaseDataset
from mmengine.evaluator import BaseMetric
from mmengine.model import BaseModel
from mmengine.registry import DATASETS, METRICS, MODELS, Registry

from mmvision_ext.utils.config.static_check import mode_faults, runner_faults


class _Factory(BaseModel):
    """A model that builds what is inside it by other means."""

    def __init__(self, backbone: dict, size: int = 'small') -> None:
        super().__init__()
        self.inner = backbone, size


class _Streams(BaseDataset):
    """A dataset with two pipelines."""


class _Scores(BaseMetric):
    """A metric that names its values itself."""

    default_prefix = 'own'


def _config(**settings: Any) -> ConfigDict:
    """A config that mmengine runs."""
    loader = dict(batch_size=1, dataset=dict(type='_Streams', lazy_init=True))
    return ConfigDict(
        dict(
            model=dict(type='StochasticWeightAverage'),
            train_dataloader=loader,
            val_dataloader=loader,
            train_cfg=dict(by_epoch=True, max_epochs=1),
            val_cfg=dict(),
            val_evaluator=dict(type='DumpResults', out_file_path='a.pkl'),
            optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
        )
        | settings
    )


def _faults(cfg: Config | ConfigDict) -> list[str]:
    return runner_faults(cfg) + mode_faults(cfg, ('train', 'val'))


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Classes of a package that nobody looked through."""
    for registry, kind in (
        (MODELS, _Factory),
        (DATASETS, _Streams),
        (METRICS, _Scores),
    ):
        monkeypatch.setitem(registry.module_dict, kind.__name__, kind)


@pytest.mark.usefixtures('elsewhere')
@pytest.mark.parametrize(
    'settings',
    [
        {},
        dict(model_2=dict(type='A')),
        dict(train_cfg=dict(max_epochs=2, val_interval=-1)),
        dict(train_cfg=dict(max_epochs=2.0)),
        dict(param_scheduler=dict(type='LinearLR', end=0.5)),
        dict(
            param_scheduler=dict(
                type='MultiStepLR',
                milestones=[0.5, 1],
                convert_to_iter_based=True,
            )
        ),
        dict(default_hooks=dict(timers=dict(type='IterTimerHook'))),
        dict(
            custom_hooks=[dict(type='EarlyStoppingHook', monitor='bbox_mAP')]
        ),
        dict(model=dict(type='_Factory', backbone=dict(type='r', dpeth=1))),
        dict(model=dict(type='_Factory', backbone=dict(), size='large')),
        dict(
            val_evaluator=dict(type='_Scores'),
            val_cfg=dict(type='mmdet.TeacherStudentValLoop'),
            default_hooks=dict(
                checkpoint=dict(type='CheckpointHook', save_best='teacher/x')
            ),
        ),
        dict(
            train_dataloader=dict(
                batch_size=None,
                num_workers=True,
                dataset=dict(type='_Streams', pipeline=dict(weak=[dict()])),
            )
        ),
        dict(train_dataloader=dict(batch_size=2, dataset=[1, 2])),
        dict(default_scope='nowhere'),
        dict(optim_wrapper=dict(constructor='torch.nn.ReLU', optimizer='any')),
        dict(data_preprocessor=dict(type='none'), model=dict(type='_Factory')),
    ],
    ids=str,
)
def test_it_passes(settings: dict[str, Any]) -> None:
    if 'data_preprocessor' in settings:  # the model's own comes first
        settings['model'] |= dict(backbone=1, data_preprocessor=dict())
        faults = [
            fault
            for fault in _faults(_config(**settings))
            if fault.startswith('data_preprocessor')
        ]
    else:
        faults = _faults(_config(**settings))
    assert faults == []


@pytest.mark.parametrize('use', [True, False])
def test_a_variable_that_the_file_uses_passes(
    use: bool, tmp_path: Path
) -> None:
    file = tmp_path / 'config.py'
    file.write_text(
        "models = [dict(type='StochasticWeightAverage')]\n"
        + ('model = models[0]\n' if use else '')
    )
    faults = runner_faults(Config.fromfile(file))
    assert [fault.partition(':')[0] for fault in faults] == (
        [] if use else ['models']
    )


def test_a_scope_without_a_package_is_found() -> None:
    child = Registry('model', parent=MODELS, scope='handmade')
    try:
        child.register_module(name='Own', module=_Factory)
        faults = runner_faults(
            _config(
                default_scope='handmade', model=dict(type='Own', backbone=1)
            )
        )
    finally:
        del MODELS.children['handmade']
    assert faults == []
