"""Names of sets of parameters."""

import pytest
from torch import nn

from mmvision_ext.engine.hooks.parameter_names import cover_name
from mmvision_ext.testing.tiny_classification import TinyClassifier

BLOCK = 'backbone.layers.'


@pytest.mark.parametrize(
    ('starts', 'name'),
    [
        ([''], 'all'),
        (['backbone'], 'backbone'),
        (['head'], 'head'),
        (['head.bias'], 'head.bias'),
        ([BLOCK], 'backbone.layers'),
        ([f'{BLOCK}0', 'head'], 'backbone.layers.0+head'),
        ([f'{BLOCK}0.0', f'{BLOCK}1.0', 'head'], f'{BLOCK}0.0+2_more'),
    ],
)
def test_modules_are_named_as_a_whole(starts: list[str], name: str) -> None:
    model = TinyClassifier()
    chosen = [
        parameter
        for key, parameter in model.named_parameters()
        if key.startswith(tuple(starts))
    ]
    assert cover_name(model, chosen, model.parameters()) == name


def test_parameters_that_do_not_count_are_passed_over() -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    among = [model[0].weight, model[1].weight]
    assert cover_name(model, [model[0].weight], among) == '0'
