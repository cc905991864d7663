"""Which precision a training gets, and what the log says of it."""

from typing import Any

import pytest
import torch
from mmengine.logging import MessageHub
from mmengine.registry import OPTIM_WRAPPERS
from torch import nn

from mmvision_ext.engine.optimizers import (
    MixedPrecisionOptimWrapper,
    mixed_precision,
)


@pytest.fixture
def capabilities(monkeypatch: pytest.MonkeyPatch) -> dict[str, bool]:
    """What the CPU is said to be able to do; a test adds to it."""
    flags: dict[str, bool] = {'avx2': True, 'amx_bf16': False}
    monkeypatch.setattr(mixed_precision, 'get_device', lambda: 'cpu')
    monkeypatch.setattr(
        torch.cpu, 'get_capabilities', lambda: flags, raising=False
    )
    return flags


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Collect what is logged."""
    messages: list[str] = []
    monkeypatch.setattr(
        mixed_precision,
        'print_log',
        lambda message, logger, level: messages.append(message),
    )
    return messages


@pytest.mark.parametrize('flag', ['amx_bf16', 'avx512_bf16'])
def test_a_cpu_with_bfloat16_computes_in_it(
    capabilities: dict[str, bool], logged: list[str], flag: str
) -> None:
    capabilities[flag] = True
    model, wrapper = _build()
    assert _dtype(model, wrapper) == torch.bfloat16
    assert logged == [
        f'MixedPrecisionOptimWrapper: bfloat16 autocast (CPU with {flag})'
    ]


def test_another_cpu_computes_in_float32(
    capabilities: dict[str, bool], logged: list[str]
) -> None:
    model, wrapper = _build()
    assert _dtype(model, wrapper) == torch.float32
    assert logged == [
        'MixedPrecisionOptimWrapper: float32 (CPU without amx_bf16 and '
        'avx512_bf16)'
    ]


def test_it_can_be_turned_off(
    capabilities: dict[str, bool], logged: list[str]
) -> None:
    capabilities['amx_bf16'] = True
    model, wrapper = _build(enabled=False)
    assert _dtype(model, wrapper) == torch.float32
    assert logged == ['MixedPrecisionOptimWrapper: float32 (enabled=False)']


def test_older_versions_of_pytorch_do_not_tell(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(torch.cpu, 'get_capabilities', raising=False)
    has, reason = mixed_precision.bfloat16_support('cpu')
    assert not has and torch.__version__ in reason


def test_gpus_and_other_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []
    monkeypatch.setattr(
        torch.cuda,
        'is_bf16_supported',
        lambda including_emulation: bool(asked.append(including_emulation)),
    )
    monkeypatch.setattr(torch.cuda, 'get_device_name', lambda: 'Tesla T4')
    assert mixed_precision.bfloat16_support('cuda') == (
        False,
        'Tesla T4 lacks bfloat16',
    )
    assert asked == [False]
    assert mixed_precision.bfloat16_support('mps') == (
        False,
        'not known for mps',
    )


def test_weights_and_gradients_stay_float32(
    capabilities: dict[str, bool],
) -> None:
    capabilities['amx_bf16'] = True
    model, wrapper = _build()
    before = model.weight.detach().clone()
    with wrapper.optim_context(model):
        loss = model(torch.ones(2, 3)).float().square().mean()
    wrapper.update_params(loss)
    assert model.weight.dtype == torch.float32
    assert not torch.equal(model.weight, before)
    assert 'loss_scaler' not in wrapper.state_dict()


def test_norms_are_kept_on_the_device_until_they_are_taken(
    capabilities: dict[str, bool],
) -> None:
    hub = MessageHub.get_instance('norms of mixed precision')
    model, wrapper = _build(clip_grad=dict(max_norm=0.5))
    wrapper.message_hub = hub
    expected = _step(model, wrapper)
    assert hub.get_scalar('train/grad_norm').current() == expected
    assert wrapper.take_norms() == []
    wrapper.defer_norms()
    norms = [_step(model, wrapper), _step(model, wrapper)]
    assert len(hub.get_scalar('train/grad_norm').data[0]) == 1
    taken = wrapper.take_norms()
    assert [float(norm) for norm in taken] == norms
    assert wrapper.take_norms() == []
    assert norms[0] > 0.5


def test_clipping_by_value_has_no_norm(capabilities: dict[str, bool]) -> None:
    clip = dict(type='value', clip_value=0.5)
    model, wrapper = _build(clip_grad=clip)
    wrapper.defer_norms()
    _step(model, wrapper)
    assert wrapper.take_norms() == []


def _build(**options: Any) -> tuple[nn.Linear, MixedPrecisionOptimWrapper]:
    model = nn.Linear(3, 2)
    wrapper = OPTIM_WRAPPERS.build(
        dict(
            type='mmvision_ext.MixedPrecisionOptimWrapper',
            optimizer=torch.optim.SGD(model.parameters(), lr=0.1),
            **options,
        )
    )
    return model, wrapper


def _dtype(
    model: nn.Linear, wrapper: MixedPrecisionOptimWrapper
) -> torch.dtype:
    with wrapper.optim_context(model):
        return model(torch.ones(2, 3)).dtype


def _step(model: nn.Linear, wrapper: MixedPrecisionOptimWrapper) -> float:
    """Take a step; return the norm of the gradient before it is clipped."""
    loss = 10 * model(torch.ones(2, 3)).sum()
    norm = torch.autograd.grad(loss, list(model.parameters()))
    loss = 10 * model(torch.ones(2, 3)).sum()
    wrapper.update_params(loss)
    return float(torch.cat([part.flatten() for part in norm]).norm())
