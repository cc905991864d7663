"""Names in a message."""

import pytest

from mmvision_ext.utils.listed import listed


@pytest.mark.parametrize(
    ('names', 'text'),
    [('', ''), ('a', 'a'), ('ab', 'a, b'), ('abcde', 'a, b and 3 more')],
)
def test_the_first_names_and_a_count(names: str, text: str) -> None:
    assert listed(names, 2) == text
