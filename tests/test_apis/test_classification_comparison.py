"""Training runs side by side."""

import csv
import io
import json
from pathlib import Path

import pytest

from mmvision_ext.apis.classification_comparison import (
    compare_runs,
    parse_runs,
    runs_table,
    short_names,
    write_runs,
)
from mmvision_ext.utils import InputError

CONFIG = """
model = dict(
    type='ImageClassifier',
    backbone=dict(type='LeNet5'),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(type='LinearClsHead', num_classes=3, in_channels=120))
train_cfg = dict(by_epoch=True, max_epochs=4)
randomness = dict(seed=7)
"""
# Convolutions of LeNet-5 (He's layout in mmpretrain), and the head.
PARAMS = (
    (25 * 6 + 6) + (25 * 6 * 16 + 16) + (25 * 16 * 120 + 120) + 120 * 3 + 3
)


def _run(root: Path, name: str, accuracies: list[float]) -> str:
    folder = root / name
    log = folder / '1' / 'vis_data' / 'scalars.json'
    log.parent.mkdir(parents=True)
    records = []
    for epoch, accuracy in enumerate(accuracies, start=1):
        records.append(
            dict(lr=0.1, loss=3.0 / epoch, epoch=epoch, iter=epoch, step=epoch)
        )
        records.append({'accuracy/top1': accuracy, 'step': epoch})
    log.write_text('\n'.join(json.dumps(record) for record in records))
    (folder / 'config.py').write_text(CONFIG)
    return str(folder)


def test_rows_hold_the_last_validation(tmp_path: Path) -> None:
    runs = parse_runs(
        [
            'scratch=' + _run(tmp_path, 'a', [10.0, 60.0, 55.0, 50.0]),
            _run(tmp_path, 'b', [70.0, 80.0]),
        ]
    )
    rows, logs = compare_runs(runs)
    assert [row.name for row in rows] == ['scratch', 'b']
    assert [row.top1 for row in rows] == [50.0, 80.0]
    assert rows[0].top5 is None and rows[0].mean_class is None
    assert rows[0].params == PARAMS
    assert rows[0].seed == 7
    scratch, other = runs_table(rows).splitlines()[2:4]
    assert '| 50.00 |' in scratch.replace('  ', '') and ' 4 |' in scratch
    assert '2 of 4' in other
    paths = write_runs(rows, logs, tmp_path / 'out')
    assert [path.suffix for path in paths] == ['.md', '.csv', '.png']
    with paths[1].open(newline='') as file:
        table = list(csv.DictReader(file))
    assert table[1]['top1'] == '80.0' and table[1]['planned_epochs'] == '4'


def test_names_are_what_differs() -> None:
    assert short_names(
        ['net_gap_scratch_50e_data', 'net_gap_finetune_50e_data']
    ) == ['scratch', 'finetune']
    assert short_names(['net', 'net_mixup']) == ['net', 'net_mixup']
    assert short_names(['net_scratch']) == ['net_scratch']


def test_wrong_runs_are_named(tmp_path: Path) -> None:
    first = _run(tmp_path, 'a', [1.0])
    with pytest.raises(InputError, match=r"found \['x', 'x'\]"):
        parse_runs([f'x={first}', f'x={first}'])
    with pytest.raises(InputError, match='at least one'):
        parse_runs([])
    (Path(first) / 'second.py').write_text('')
    with pytest.raises(InputError, match="'config.py', 'second.py'"):
        compare_runs(parse_runs([first]))
    with pytest.raises(InputError, match='nothing: expected a folder'):
        compare_runs(parse_runs([str(tmp_path / 'nothing')]))


def test_folders_with_an_equals_sign(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ('lr=0.1', 'lr=0.2'):
        (tmp_path / 'a=b' / name).mkdir(parents=True)
    runs = parse_runs(['a=b/lr=0.1', 'slow=a=b/lr=0.2', 'x=none'])
    assert [run.work_dir for run in runs] == [
        'a=b/lr=0.1',
        'a=b/lr=0.2',
        'none',
    ]
    assert [run.name for run in runs][1:] == ['slow', 'x']


def test_files_are_utf_8(tmp_path: Path, monkeypatch) -> None:
    """Whatever the encoding of the machine."""
    real = io.text_encoding
    monkeypatch.setattr(
        io,
        'text_encoding',
        lambda code, *_: 'ascii' if code is None else real(code),
    )
    runs = parse_runs(['größer=' + _run(tmp_path, 'a', [10.0])])
    paths = write_runs(*compare_runs(runs), tmp_path / 'out')
    for path in paths:
        if path.suffix in ('.md', '.csv'):
            assert 'größer' in path.read_bytes().decode('utf-8')
