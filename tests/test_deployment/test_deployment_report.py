"""The table says what the numbers say, and the CSV holds all of them."""

import csv
import io
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from mmvision_ext.deployment.report import (
    Protocol,
    Stage,
    print_report,
    write_csv,
)

FULL = Stage('float32', 'a.onnx', 8.0, 4.0, 10.0, 9.0, 11.0, 90.0, 100.0)
SMALL = replace(
    FULL, name='int8', size_mib=2.0, gzip_mib=1.0, latency_ms=4.0, top1=89.5
)
PROTOCOL = Protocol(
    data='Set, 9 images',
    hardware='a processor',
    threads=2,
    rounds=7,
    method='by [some] method',
    config='c.py',
    checkpoint='c.pth',
    commit='0123',
    command='python x',
    time='now',
)


def _printed(stages: list[Stage]) -> str:
    console = Console(file=io.StringIO(), width=80)
    print_report('Title', stages, PROTOCOL, console)
    return console.file.getvalue()


def test_table_and_changes() -> None:
    text = _printed([FULL, SMALL])
    assert '89.50' in text and '8.00' in text
    assert (
        'int8 against float32: 25% of the size (25% gzipped), 2.50 times as '
        'fast, top-1 -0.50 points'
    ) in text
    assert '2 thread(s) of a processor, median of 7 calls' in text
    assert 'by [some] method' in text
    assert 'GFLOPs' not in text  # not measured
    assert max(len(line) for line in text.splitlines()[:8]) <= 80


def test_all_columns_fit_a_terminal() -> None:
    row = replace(FULL, name='fine-tuned', params_m=1, nonzero_m=1, gflops=1)
    text = _printed([row])
    assert '…' not in text
    assert 'multiply-adds' in text


def test_csv_holds_everything(tmp_path: Path) -> None:
    path = write_csv([FULL, SMALL], PROTOCOL, tmp_path / 'new' / 'r.csv')
    with path.open(newline='') as file:
        rows = list(csv.DictReader(file))
    assert [row['name'] for row in rows] == ['float32', 'int8']
    assert rows[1]['latency_ms'] == '4.0' and rows[1]['params_m'] == ''
    assert all(row['command'] == 'python x' for row in rows)
