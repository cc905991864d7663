"""Which values of which entries keep a checkpoint from being saved."""

from pathlib import Path

import pytest
import torch
from torch import nn

from mmvision_ext.engine.non_finite import (
    NonFiniteError,
    non_finite_at_start,
    require_finite,
)
from mmvision_ext.testing.tiny_training import TinyLine, tiny_runner

INF, NAN = torch.inf, torch.nan
_KINDS = {
    'COO': lambda values: values.to_sparse(),
    'CSR': lambda values: values.to_sparse_csr(),
    'CSC': lambda values: values.to_sparse_csc(),
    'float8': lambda values: values.to(torch.float8_e5m2),
    'float16': lambda values: values.half(),
    'complex': lambda values: values.to(torch.complex64),
}


def _refused(content: dict[str, torch.Tensor], allowed=frozenset()) -> bool:
    try:
        require_finite(dict(state_dict=content), 'x.pth', allowed)
    except NonFiniteError:
        return True
    return False


@pytest.mark.parametrize('kind', _KINDS)
def test_kinds_of_tensors(kind: str) -> None:
    values = torch.eye(3)
    assert not _refused(dict(x=_KINDS[kind](values)))
    for wrong in (INF, -INF, NAN):
        values[1, 1] = wrong
        assert _refused(dict(x=_KINDS[kind](values)))


def test_kinds_that_have_no_infinity() -> None:
    values = torch.ones(4)
    content = dict(
        quantized=torch.quantize_per_tensor(values, 0.1, 0, torch.qint8),
        integers=values.to(torch.uint8),
        truth=values.bool(),
        small=values.to(torch.float8_e4m3fn),
    )
    assert not _refused(content)
    content['small'] = torch.full((2,), NAN).to(torch.float8_e4m3fn)
    assert _refused(content)


def test_what_was_so_before() -> None:
    """Infinite values may stay so; only placeholders may be NaN."""
    model = nn.Linear(1, 1)
    model.register_buffer('mask', torch.tensor([0.0, -INF]))
    model.register_buffer('later', torch.full((2,), NAN))
    model.register_buffer('mean', torch.zeros(2))
    model.register_buffer('pattern', torch.eye(2).to_sparse())
    model.frozen = nn.Parameter(torch.tensor([INF]), requires_grad=False)
    model.trained = nn.Parameter(torch.tensor([INF]))
    allowed = non_finite_at_start(model)
    state = model.state_dict()
    assert _refused(state, allowed)
    del state['trained']
    assert not _refused(state, allowed)
    averages = {f'module.{name}': value for name, value in state.items()}
    assert not _refused(averages, allowed)
    for name in ('mask', 'frozen', 'mean', 'weight'):
        wrong = torch.full_like(state[name], NAN)
        assert _refused({**state, name: wrong}, allowed), name


@pytest.mark.parametrize(
    'value',
    [
        torch.eye(3).to_sparse(),
        torch.eye(3).to_sparse_csr(),
        torch.ones(2).to(torch.float8_e4m3fn),
        torch.full((2,), NAN),
    ],
    ids=['COO', 'CSR', 'float8', 'NaN'],
)
def test_a_training_with_such_a_buffer_is_saved(
    value: torch.Tensor, tmp_path: Path
) -> None:
    model = TinyLine(2)
    model.register_buffer('extra', value)
    tiny_runner(tmp_path, 1, model=model).train()
    assert (tmp_path / 'epoch_1.pth').is_file()


def test_a_frozen_parameter_may_be_infinite(tmp_path: Path) -> None:
    model = TinyLine(2)
    model.bias = nn.Parameter(torch.tensor([-INF, 0.0]), requires_grad=False)
    tiny_runner(tmp_path, 1, model=model).train()
    assert (tmp_path / 'epoch_1.pth').is_file()
