"""Tables as text."""

import pytest

from mmvision_ext.apis.tables import markdown_table, number


def test_columns_line_up() -> None:
    text = markdown_table(['model', 'AP'], [['a', '0.5'], ['longer', '–']])
    assert text == (
        '| model  |  AP |\n'
        '|--------|----:|\n'
        '| a      | 0.5 |\n'
        '| longer |   – |'
    )


def test_rows_of_another_length_are_refused() -> None:
    with pytest.raises(ValueError, match='zip'):
        markdown_table(['a', 'b'], [['1']])


def test_numbers_and_their_absence() -> None:
    assert (number(0.12345, '.3f'), number(None, '.3f')) == ('0.123', '–')


def test_a_bar_does_not_end_a_cell() -> None:
    text = markdown_table(['a|b'], [['c']])
    assert text.splitlines()[0] == r'| a\|b |'
