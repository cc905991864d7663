"""Names, rows and the table, and two small benchmarks by the command."""

import csv
import os
import subprocess
import sys
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location

import pytest
from rich.console import Console

from mmvision_ext.benchmarks import (
    BENCHMARKS,
    BenchmarkRow,
    run_benchmarks,
)
from mmvision_ext.benchmarks.report import append_results, results_table
from mmvision_ext.benchmarks.timing import processor_seconds
from mmvision_ext.utils import InputError

FAST = BenchmarkRow('pens', 2.0, 'quills', 8.0, 's', '5x', 'ink to 1e-3')
RATE = BenchmarkRow('cars', 30.0, 'carts', 10.0, 'miles/s')
SLOW = BenchmarkRow('stones', 1.5, 'sticks', 0.75, 'ms')


def test_ratio_says_how_many_times_as_fast_ours_is():
    assert FAST.ratio == 4 and RATE.ratio == 3 and SLOW.ratio == 0.5


@pytest.mark.parametrize('name', BENCHMARKS)
def test_every_name_leads_to_a_function(name):
    found = BENCHMARKS[name]
    module = import_module(f'mmvision_ext.benchmarks.{found.module}')
    assert callable(getattr(module, found.function))


def test_an_unknown_name_is_refused_before_anything_runs():
    with pytest.raises(InputError, match="'imports'; did you mean 'import'"):
        next(run_benchmarks(['coco-evaluation', 'imports'], quick=True))
    with pytest.raises(InputError, match='mask-rcnn, coco-evaluation'):
        next(run_benchmarks(['x'], quick=True))


def test_calls_are_timed_in_turn_and_the_shortest_counts(monkeypatch):
    clock = iter([0, 9, 10, 19, 20, 23, 30, 31, 40, 42, 50, 57])
    monkeypatch.setattr('time.process_time', lambda: next(clock))
    order = []
    seconds = processor_seconds(
        dict(a=lambda: order.append('a'), b=lambda: order.append('b')), 2, 't'
    )
    assert order == list('ababab')
    assert seconds == dict(a=2, b=1)  # the first of each, 9, does not count


def test_table_shows_every_row():
    table = results_table([('tools', 0.5, [FAST, SLOW]), ('ways', 2, [RATE])])
    console = Console(width=80, record=True, file=open(os.devnull, 'w'))
    console.print(table)
    text = console.export_text()
    for part in ('tools', 'pens', ' 2 ', ' 8 ', '4.00', '5x', 'ways', '3.00'):
        assert part in text, part
    assert 'against quills; ink to 1e-3' in text
    assert 'load average 0.5 to 2.0' in ' '.join(text.split())


def test_rows_are_added_to_one_file(tmp_path):
    path = tmp_path / 'new' / 'a.csv'
    for command in ('run a', 'run b'):
        results = [('tools', 0.5, [FAST, SLOW])]
        append_results(path, results, quick=False, command=command)
    rows = list(csv.DictReader(path.open()))
    assert [row['command'] for row in rows] == ['run a'] * 2 + ['run b'] * 2
    assert rows[0]['ratio'] == '4.000' and rows[1]['ratio'] == '0.500'
    assert rows[0]['other'] == '8' and rows[0]['load'] == '0.50'
    assert rows[0]['commit'] and rows[0]['hardware'] and rows[0]['threads']


def test_command_runs_two_and_writes_the_file(repository, tmp_path):
    path = tmp_path / 'rows.csv'
    done = subprocess.run(
        [
            sys.executable,
            'tools/benchmarks/run.py',
            'import',
            'attribute-metric',
            '--quick',
            '--csv',
            str(path),
        ],
        cwd=repository,
        env=os.environ | {'PYTHONPATH': str(repository), 'COLUMNS': '100'},
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    assert 'mmvision --help' in done.stdout
    assert 'scikit-learn, in a loop' in done.stdout
    rows = list(csv.DictReader(path.open()))
    names = [row['benchmark'] for row in rows]
    assert names == ['import'] * 3 + ['attribute-metric'] * 2
    assert {row['quick'] for row in rows} == {'True'}
    assert all(float(row['ours']) > 0 for row in rows)


def test_what_was_measured_outlives_a_failure(
    repository, tmp_path, monkeypatch, capsys
):
    spec = spec_from_file_location(
        'run_tool', repository / 'tools' / 'benchmarks' / 'run.py'
    )
    tool = module_from_spec(spec)
    spec.loader.exec_module(tool)

    def measure(*_):
        yield 'tools', 0.5, [FAST]
        raise InputError('data/cifar100: no such folder')

    path = tmp_path / 'rows.csv'
    monkeypatch.setattr(tool, 'run_benchmarks', measure)
    monkeypatch.setattr(sys, 'argv', ['run.py', '--csv', str(path)])
    with pytest.raises(SystemExit):
        tool.main()
    assert 'pens' in capsys.readouterr().out
    assert [row['what'] for row in csv.DictReader(path.open())] == ['pens']
