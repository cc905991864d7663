"""What the runner says about weights, without a training."""

from pathlib import Path

import pytest
import torch
from mmengine.model import BaseModel, BaseModule
from torch import nn

from mmvision_ext.engine.runner import Runner
from mmvision_ext.utils import InputError


class Body(BaseModule):
    """A part that starts from a checkpoint."""

    def __init__(self, init_cfg: dict | None) -> None:
        super().__init__(init_cfg)
        self.layer = nn.Linear(4, 8)


class Toy(BaseModel):
    """A pretrained body and a new head."""

    def __init__(self, init_cfg: dict | None = None) -> None:
        super().__init__()
        self.body = Body(init_cfg)
        self.head = nn.Linear(8, 2)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return self.head(self.body.layer(inputs))


def _runner(model: nn.Module, work_dir: Path) -> Runner:
    return Runner(
        model=model, work_dir=str(work_dir), experiment_name=work_dir.name
    )


def _save(path: Path, state: dict[str, torch.Tensor]) -> str:
    torch.save(dict(state_dict=state), path)
    return str(path)


def test_a_checkpoint_loads_and_its_gaps_are_told(
    tmp_path: Path, capfd
) -> None:
    file = _save(
        tmp_path / 'a.pth',
        {
            'module.body.layer.weight': torch.ones(8, 4),
            'module.head.weight': torch.ones(5, 8),
        },
    )
    runner = _runner(Toy(), tmp_path)
    runner.load_checkpoint(file)
    assert torch.equal(
        runner.model.body.layer.weight,
        torch.ones(8, 4).to(runner.model.head.weight.device),
    )
    printed = ''.join(capfd.readouterr())
    assert f'{file}: 1 entries loaded' in printed
    assert 'head.weight (5, 8) in the checkpoint, (2, 8) in the model' in (
        printed
    )
    assert 'missing: body.layer.bias; head.bias' in printed


def test_a_checkpoint_of_another_network_is_refused(tmp_path: Path) -> None:
    file = _save(tmp_path / 'b.pth', {'encoder.weight': torch.ones(8, 4)})
    runner = _runner(Toy(), tmp_path)
    before = runner.model.head.weight.clone()
    with pytest.raises(InputError, match='b.pth: 0 entries loaded'):
        runner.load_checkpoint(file)
    assert torch.equal(runner.model.head.weight, before)


@pytest.mark.parametrize('prefix', [None, 'backbone'])
def test_pretrained_parts_are_reported(
    tmp_path: Path, capfd, prefix: str | None
) -> None:
    start = f'{prefix}.' if prefix else ''
    file = _save(
        tmp_path / 'c.pth',
        {
            f'{start}layer.weight': torch.ones(8, 4),
            f'{start}layer.bias': torch.ones(8),
        },
    )
    init_cfg = dict(type='Pretrained', checkpoint=file)
    if prefix:
        init_cfg['prefix'] = prefix
    runner = _runner(Toy(init_cfg), tmp_path)
    runner._init_model_weights()
    assert runner.model.body.layer.bias.eq(1).all()
    printed = ''.join(capfd.readouterr())
    assert f'{file}: 2 entries loaded (100.0% of the values)' in printed


def test_pretrained_weights_of_another_network_stop_the_run(
    tmp_path: Path,
) -> None:
    file = _save(tmp_path / 'd.pth', {'stem.weight': torch.ones(8, 4)})
    runner = _runner(Toy(dict(type='Pretrained', checkpoint=file)), tmp_path)
    with pytest.raises(InputError, match='d.pth: 0 entries loaded'):
        runner._init_model_weights()
