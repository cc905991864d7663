"""Tables as text."""

from pathlib import Path

import pytest

from mmvision_ext.utils import InputError
from mmvision_ext.utils.tables import (
    append_csv,
    markdown_table,
    number,
    save_csv,
)


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
    texts = [number(value, '.3f') for value in (0.12345, None, float('nan'))]
    assert texts == ['0.123', '–', '–']


def test_a_bar_does_not_end_a_cell() -> None:
    text = markdown_table(['a|b'], [['c']])
    assert text.splitlines()[0] == r'| a\|b |'


def test_a_csv_grows(tmp_path: Path) -> None:
    path = tmp_path / 'new' / 'speeds.csv'
    append_csv(path, [{'model': 'a', 'speed': 1}])
    append_csv(path, [{'model': 'b, c', 'speed': 2.5}])
    assert b'\r' not in path.read_bytes()
    assert path.read_text().splitlines() == [
        'model,speed',
        'a,1',
        '"b, c",2.5',
    ]


def test_a_csv_of_other_columns_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / 'speeds.csv'
    path.write_text('model,other\n')
    with pytest.raises(InputError, match='found model, other. Name another'):
        append_csv(path, [{'model': 'a', 'speed': 1}])
    assert path.read_text() == 'model,other\n'


def test_a_csv_is_written_anew(tmp_path: Path) -> None:
    path = tmp_path / 'new' / 'rows.csv'
    for rows in ([('x', 1)], [('a, b', None), ('c', 2.5)]):
        assert save_csv(path, ['name', 'value'], rows) == path
    assert path.read_text().splitlines() == ['name,value', '"a, b",', 'c,2.5']
