"""What is said of errors."""

import pytest

from mmvision_ext.utils import BRIEF, brief, reason_of


@pytest.mark.parametrize(
    ('error', 'reason'),
    [
        (ValueError('a fault\nand more'), 'a fault'),
        (ValueError('\n  a fault'), 'a fault'),
        (AssertionError(), 'no reason given'),
        (ValueError(' '), 'no reason given'),
    ],
)
def test_a_reason_is_one_line(error: Exception, reason: str) -> None:
    assert reason_of(error) == reason


def test_what_was_found_is_brief() -> None:
    assert brief('a') == "'a'"
    assert len(brief('a' * 200)) == BRIEF
