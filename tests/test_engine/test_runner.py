"""What the runner says about weights, without a training."""

from pathlib import Path

import pytest
import torch
from mmengine.model import BaseModel, BaseModule, PretrainedInit
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


class Converting(Body):
    """Renames the entries of a foreign checkpoint, as mmdet's Swin does."""

    def init_weights(self) -> None:
        state = torch.load(self.init_cfg['checkpoint'])['state_dict']
        self.load_state_dict(
            {
                name.replace('stem', 'layer'): value
                for name, value in state.items()
            },
            strict=False,
        )


@pytest.mark.parametrize('name', ['stem', 'root'])
def test_a_part_may_convert_names_itself(
    name: str, tmp_path: Path, capfd
) -> None:
    file = _save(tmp_path / 'f.pth', {f'{name}.weight': torch.rand(8, 4)})
    model = Toy()
    model.body = Converting(dict(type='Pretrained', checkpoint=file))
    runner = _runner(model, tmp_path)
    if name == 'root':  # nothing arrives
        with pytest.raises(InputError, match='f.pth: 0 entries loaded'):
            runner._init_model_weights()
        return
    runner._init_model_weights()
    printed = ''.join(capfd.readouterr())
    assert 'the module converts names while it loads: 80.0% of' in printed


def test_a_prefix_that_is_not_in_the_file_is_named(tmp_path: Path) -> None:
    file = _save(tmp_path / 'g.pth', {'layer.weight': torch.ones(8, 4)})
    init_cfg = dict(type='Pretrained', checkpoint=file, prefix='trunk')
    with pytest.raises(InputError, match=r'init_cfg.prefix: trunk\.'):
        _runner(Toy(init_cfg), tmp_path)._init_model_weights()


def test_a_pretrained_part_by_class(tmp_path: Path) -> None:
    file = _save(tmp_path / 'h.pth', {'stem.weight': torch.ones(8, 4)})
    init_cfg = dict(type=PretrainedInit, checkpoint=file)
    with pytest.raises(InputError, match='h.pth: 0 entries loaded'):
        _runner(Toy(init_cfg), tmp_path)._init_model_weights()


class Trap:
    """Writes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return (self.path.touch, ())


def test_code_in_a_pretrained_part_is_not_run(tmp_path: Path) -> None:
    sprung = tmp_path / 'sprung'
    file = tmp_path / 'e.pth'
    torch.save({'state_dict': {}, 'extra': Trap(sprung)}, file)
    runner = _runner(
        Toy(dict(type='Pretrained', checkpoint=str(file))), tmp_path
    )
    with pytest.raises(InputError, match='weights_only=True'):
        runner._init_model_weights()
    assert not sprung.exists()


class FreezesInTrain(BaseModel):
    """Freezes a layer in train(), as mmdet's MobileNetV2 does."""

    def __init__(self) -> None:
        super().__init__()
        self.frozen = nn.Linear(2, 2)
        self.head = nn.Linear(2, 1)

    def train(self, mode: bool = True) -> 'FreezesInTrain':
        super().train(mode)
        self.frozen.requires_grad_(False)
        return self

    def forward(self, inputs: torch.Tensor, mode: str = 'loss') -> dict:
        return dict(loss=self.head(self.frozen(inputs)).sum())


def test_layers_frozen_in_train_are_unknown_to_ddp(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (
        ('RANK', '0'),
        ('LOCAL_RANK', '0'),
        ('WORLD_SIZE', '1'),
        ('MASTER_ADDR', '127.0.0.1'),
        ('MASTER_PORT', '0'),
        ('CUDA_VISIBLE_DEVICES', ''),
    ):
        monkeypatch.setenv(name, value)
    torch.distributed.init_process_group('gloo')
    try:
        runner = Runner(
            model=FreezesInTrain(),
            work_dir=str(tmp_path),
            launcher='pytorch',
            experiment_name='freezes',
        )
        runner.model.train()
        for _ in range(2):  # DDP complains in the second step
            runner.model(torch.ones(1, 2))['loss'].backward()
        assert runner.model.module.head.weight.grad is not None
    finally:
        torch.distributed.destroy_process_group()
