"""The benchmark of attribute measures, on few samples."""

import csv

from mmvision_ext.evaluation.attribute_benchmark import (
    append_rows,
    compare,
    markdown_table,
    random_arrays,
)


def test_both_ways_give_the_same_and_a_row(tmp_path):
    row = compare(random_arrays(400, 6, known=0.8), repeats=1)
    assert (row.samples, row.attributes) == (400, 6)
    assert 0.7 < row.known < 0.9
    assert row.difference < 1e-6
    assert row.ratio == row.loop / row.ours > 0
    for _ in range(2):
        append_rows(tmp_path / 'new' / 'a.csv', [row])
    with (tmp_path / 'new' / 'a.csv').open() as file:
        rows = list(csv.DictReader(file))
    assert [item['attributes'] for item in rows] == ['6', '6']
    cells = markdown_table([row]).splitlines()[2].split()
    assert ' '.join(cells).startswith('| 400 | 6 | 8')
