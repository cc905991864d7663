"""The account of what a checkpoint gives to a model."""

import pytest
import torch

from mmvision_ext.engine.checkpointing import (
    arrived_fraction,
    match_state_dict,
    rename_by_order,
)
from mmvision_ext.utils import InputError

MODEL = {
    'body.weight': torch.zeros(8, 4),
    'head.weight': torch.zeros(2, 4),
    'head.bias': torch.zeros(2),
}


def test_loaded_missing_mismatched_and_unexpected() -> None:
    checkpoint = {
        'body.weight': torch.ones(8, 4),
        'head.weight': torch.ones(5, 4),
        'neck.weight': torch.ones(1),
    }
    report = match_state_dict(MODEL, checkpoint)
    assert report.loaded == ['body.weight']
    assert report.missing == ['head.bias']
    assert report.mismatched == {'head.weight': ((5, 4), (2, 4))}
    assert report.unexpected == ['neck.weight']
    assert report.loaded_fraction == pytest.approx(32 / 42)
    report.require_match('x.pth')
    text = report.summary('x.pth')
    assert 'x.pth: 1 entries loaded (76.2% of the values)' in text
    assert 'head.weight (5, 4) in the checkpoint, (2, 4) in the model' in text
    assert 'missing: head.bias' in text


def test_another_architecture_is_refused_by_name() -> None:
    report = match_state_dict(MODEL, {'encoder.0': torch.zeros(8, 4)})
    with pytest.raises(InputError, match=r'other\.pth: 0 entries loaded'):
        report.require_match('other.pth')


def test_long_lists_are_cut_and_counted() -> None:
    model = {f'layer{i}': torch.zeros(1) for i in range(9)}
    text = match_state_dict(model, {}).summary('x.pth')
    assert 'layer4; and 4 more' in text and 'layer5' not in text


def test_a_model_without_entries_loads_nothing() -> None:
    assert match_state_dict({}, {}).loaded_fraction == 0.0


def test_values_are_found_under_any_name() -> None:
    model = {
        'a': torch.arange(6.0).view(2, 3),
        'b': torch.arange(6.0),  # same values, another shape
        'c': torch.ones(4),
    }
    checkpoint = {
        'other.a': torch.arange(6.0).view(2, 3).half(),
        'c': torch.zeros(4),
        'epoch': 3,
    }
    assert arrived_fraction(model, checkpoint) == pytest.approx(6 / 16)
    assert arrived_fraction({}, checkpoint) == 0.0


def test_values_that_arrived_make_a_match_and_are_told() -> None:
    report = match_state_dict(MODEL, {'encoder.0': torch.zeros(8, 4)})
    assert not report.is_match
    report.arrived_fraction = 0.5
    report.require_match('x.pth')
    assert '50.0% of its values are those' in report.summary('x.pth')


def test_rename_by_order_keeps_values() -> None:
    source = {'a': torch.arange(6.0).view(2, 3), 'b': torch.tensor(4)}
    renamed = rename_by_order(
        source, {'conv.w': torch.zeros(2, 3), 'bn.n': torch.tensor(0)}
    )
    assert list(renamed) == ['conv.w', 'bn.n']
    assert torch.equal(renamed['conv.w'], source['a'])


@pytest.mark.parametrize(
    'target, message',
    [
        ({'w': torch.zeros(2, 3)}, 'expected 1 entries, found 2'),
        (
            {'w': torch.zeros(3, 2), 'n': torch.tensor(0)},
            r'a has shape \(2, 3\)',
        ),
    ],
)
def test_rename_by_order_refuses_another_network(
    target: dict, message: str
) -> None:
    source = {'a': torch.zeros(2, 3), 'b': torch.tensor(4)}
    with pytest.raises(InputError, match=message):
        rename_by_order(source, target)
