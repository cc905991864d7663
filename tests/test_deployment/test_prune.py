"""Pruning from config to table, through the runner."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.config import Config

pytest.importorskip('torch_pruning', reason='extra deploy is not installed')

from mmvision_ext.apis import load_classifier  # noqa: E402
from mmvision_ext.deployment.prune import (  # noqa: E402
    PruningPlan,
    compare_pruned,
    finetune_config,
    prune_and_finetune,
)
from mmvision_ext.engine.checkpointing import read_checkpoint  # noqa: E402
from mmvision_ext.engine.hooks import FreezeHook  # noqa: E402
from mmvision_ext.engine.launch import build_runner  # noqa: E402
from mmvision_ext.utils import InputError  # noqa: E402


def test_structured_from_command_line_to_table(
    tool: Callable[..., None],
    read_rows: Callable[[Path], list[dict[str, str]]],
    resnet: Any,
    tmp_path: Path,
    capsys: pytest.CaptureFixture,
) -> None:
    tool(
        'prune',
        *(resnet.config, resnet.checkpoint, '--out', tmp_path),
        *('--target-flops', 0.4, '--epochs', 2, '--rounds', 2),
        *('--cfg-options', 'train_dataloader.batch_size=8'),
    )
    printed = capsys.readouterr().out
    assert 'fine-tuned against before' in printed
    assert 'down to 40% of the multiply-adds' in printed
    rows = read_rows(tmp_path / 'pruning.csv')
    assert [row['name'] for row in rows] == ['before', 'pruned', 'fine-tuned']
    before, pruned, tuned = (
        {
            key: float(value)
            for key, value in row.items()
            if key.endswith(('_m', '_mib', 'gflops', 'top1', 'agreement'))
        }
        for row in rows
    )
    assert before['top1'] > 90 and before['agreement'] == 100
    for key in ('params_m', 'gflops', 'nonzero_m'):
        assert pruned[key] == pytest.approx(tuned[key], rel=1e-3)
        assert pruned[key] < 0.4 * before[key]
    assert pruned['size_mib'] < 0.5 * before['size_mib']
    assert tuned['top1'] >= pruned['top1']
    trained = read_checkpoint(tmp_path / 'finetuned.pth')['state_dict']
    start = read_checkpoint(tmp_path / 'pruned.pth')['state_dict']
    assert not torch.equal(trained['head.fc.weight'], start['head.fc.weight'])
    # The files are enough, with the tools that are there for every model.
    config = Config.fromfile(tmp_path / 'pruned_config.py')
    config.work_dir, config.launcher = str(tmp_path / 'test'), 'none'
    config.load_from = str(tmp_path / 'finetuned.pth')
    assert build_runner(config).test()['accuracy/top1'] == (
        pytest.approx(tuned['top1'], abs=1e-4)
    )


def test_magnitude_from_config_to_table(resnet: Any, tmp_path: Path) -> None:
    plan = PruningPlan('magnitude', 0.8, None, epochs=1)
    config = resnet.load_config()
    files = prune_and_finetune(config, resnet.checkpoint, tmp_path, plan)
    stages, _ = compare_pruned(
        config, resnet.checkpoint, files, plan, rounds=2
    )
    before, pruned, tuned = stages
    assert pruned.nonzero_m < 0.22 * before.nonzero_m
    assert tuned.nonzero_m == pytest.approx(pruned.nonzero_m, rel=1e-3)
    # What zeros do not save, and what they do.
    assert pruned.size_mib == pytest.approx(before.size_mib, rel=0.01)
    assert pruned.gflops == before.gflops
    assert tuned.gzip_mib < 0.4 * before.gzip_mib
    # Not one weight came back, in an ordinary checkpoint of the model.
    start = load_classifier(config, files.pruned, 'cpu').state_dict()
    end = load_classifier(config, files.finetuned, 'cpu').state_dict()
    assert list(end) == list(resnet.load().state_dict())
    changed = 0
    for name, value in start.items():
        if name.endswith('weight') and value.dim() > 1:
            assert end[name][value == 0].count_nonzero() == 0, name
            changed += int((end[name] != value).sum())
    assert changed


def test_finetuning_differs_where_it_says(resnet: Any, tmp_path: Path) -> None:
    config = resnet.load_config()
    plan = PruningPlan('structured', None, 0.5, epochs=3)
    tuned = finetune_config(config, tmp_path / 'w.pth', tmp_path, plan)
    assert tuned.custom_hooks == []  # nothing is frozen
    assert tuned.optim_wrapper.optimizer.lr == pytest.approx(2e-4)
    assert tuned.param_scheduler[0].T_max == tuned.train_cfg.max_epochs == 3
    assert tuned.load_from == str(tmp_path / 'w.pth')
    assert tuned.train_dataloader == config.train_dataloader
    assert config.optim_wrapper.optimizer.lr == 2e-3  # left alone
    given = PruningPlan('structured', None, 0.5, epochs=3, lr=0.5)
    tuned = finetune_config(config, tmp_path / 'w.pth', tmp_path, given)
    assert tuned.optim_wrapper.optimizer.lr == 0.5
    config.custom_hooks[0].type = FreezeHook  # a class in place of its name
    tuned = finetune_config(config, tmp_path / 'w.pth', tmp_path, plan)
    assert tuned.custom_hooks == []


@pytest.mark.parametrize(
    ('plan', 'message'),
    [
        (('structured', None, None, 1), 'either a ratio or target flops'),
        (('structured', 0.5, 0.5, 1), 'either a ratio or target flops'),
        (('magnitude', None, 0.5, 1), 'removes no operations'),
        (('structured', 0.5, None, 0), 'epochs: expected at least 1'),
    ],
)
def test_plans_that_cannot_be(plan: tuple, message: str) -> None:
    with pytest.raises(InputError, match=message):
        PruningPlan(*plan)


def test_a_training_by_iterations_is_refused(
    resnet: Any, tmp_path: Path
) -> None:
    config = resnet.load_config()
    config.train_cfg = dict(by_epoch=False, max_iters=10)
    plan = PruningPlan('structured', 0.5, None, epochs=1)
    with pytest.raises(InputError, match='counted in epochs'):
        prune_and_finetune(config, resnet.checkpoint, tmp_path, plan)
