"""The names of the data reach the head."""

from types import SimpleNamespace

import pytest
from torch import nn

from mmvision_ext.engine.hooks import AttributeNamesHook
from mmvision_ext.utils import InputError


class Head(nn.Module):
    """Remembers the names that it was given."""

    names: tuple[str, ...] = ()

    def set_names(self, names) -> None:
        self.names = names


def runner(head: nn.Module) -> SimpleNamespace:
    model = nn.Module()
    model.head = head
    loaders = {
        f'{mode}_dataloader': SimpleNamespace(
            dataset=SimpleNamespace(metainfo=dict(classes=(mode, 'wet')))
        )
        for mode in ('train', 'val', 'test')
    }
    return SimpleNamespace(model=model, **loaders)


@pytest.mark.parametrize('mode', ['train', 'val', 'test'])
def test_names_of_each_mode(mode: str) -> None:
    found = runner(Head())
    getattr(AttributeNamesHook(), f'before_{mode}')(found)
    assert found.model.head.names == (mode, 'wet')


def test_a_head_without_words() -> None:
    with pytest.raises(InputError, match='TextAttributeHead, found Linear'):
        AttributeNamesHook().before_test(runner(nn.Linear(1, 1)))
