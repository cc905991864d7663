"""Names that are near a mistyped one."""

import pytest

from mmvision_ext.utils.nearest import did_you_mean, nearest

NAMES = ['seeds', 'configs', 'config']


@pytest.mark.parametrize(
    ('name', 'count', 'text'),
    [
        ('seed', 1, "; did you mean 'seeds'?"),
        ('confg', 1, "; did you mean 'config'?"),
        ('confg', 2, "; did you mean 'config' or 'configs'?"),
        ('zzz', 1, ''),
        (7, 1, ''),
    ],
)
def test_near_names(name: object, count: int, text: str) -> None:
    assert did_you_mean(name, iter(NAMES), count) == text


def test_all_names_where_none_is_near() -> None:
    assert nearest('seed', iter(NAMES)) == "; did you mean 'seeds'?"
    assert nearest('zzz', iter(NAMES)) == '; there are seeds, configs, config.'
    assert nearest('zzz', []) == '; there are none.'
