"""The weights inside a checkpoint."""

import pytest
import torch

from mmvision_ext.engine.checkpointing import state_of
from mmvision_ext.utils import InputError

ONE, TWO = torch.ones(2), torch.zeros(3)


@pytest.mark.parametrize('start', ['', 'module.'])
@pytest.mark.parametrize('wrapped', [True, False])
def test_names_of_a_wrapper_and_of_the_file_are_taken_off(
    start: str, wrapped: bool
) -> None:
    state = {f'{start}backbone.w': ONE, f'{start}head.module.w': TWO}
    checkpoint = {'state_dict': state, 'meta': {}} if wrapped else state
    assert state_of(checkpoint) == {'backbone.w': ONE, 'head.module.w': TWO}


@pytest.mark.parametrize('prefix', ['backbone', 'backbone.'])
@pytest.mark.parametrize('start', ['', 'module.'])
def test_a_part_under_its_prefix(prefix: str, start: str) -> None:
    state = {
        f'{start}backbone.backbone.w': ONE,
        f'{start}backbone2.w': TWO,
        f'{start}head.backbone.w': TWO,
    }
    assert state_of({'state_dict': state}, prefix) == {'backbone.w': ONE}


def test_names_are_changed_in_turn() -> None:
    renames = [(r'^net\.', 'backbone.'), (r'^backbone\.', 'trunk.')]
    state = {'net.w': ONE, 'head.net.w': TWO}
    assert state_of(state, renames=renames) == {
        'trunk.w': ONE,
        'head.net.w': TWO,
    }
    assert state_of(state, 'trunk', renames) == {'w': ONE}
    assert state_of({'module.w': ONE}, renames=()) == {'module.w': ONE}


def test_a_prefix_that_names_the_wrapper_itself() -> None:
    state = {'module.encoder_q.w': ONE, 'module.encoder_k.w': TWO}
    assert state_of(state, 'module.encoder_q') == {'w': ONE}


def test_nothing_under_the_prefix() -> None:
    assert state_of({'head.w': ONE}, 'backbone') == {}


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        ({'state_dict': [ONE]}, 'a dict of weights, found list'),
        ({'state_dict': None}, 'a dict of weights, found NoneType'),
        ({0: ONE}, 'names of weights, found the key 0'),
    ],
)
def test_no_state_dict(content: dict, message: str) -> None:
    for prefix in (None, 'backbone'):
        with pytest.raises(InputError, match=message):
            state_of(content, prefix)
