"""The campaign counts what is lost, and a part of it is run here."""

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from mmvision_ext.testing.campaign import GROUPS, Group, Outcome
from mmvision_ext.testing.campaign.report import report, run_groups
from mmvision_ext.utils import InputError

# The others have tests of their own, with the same faults.
HERE = (
    'damaged checkpoint',
    'full disk',
    'NaN or infinity',
    'unsafe file',
    'config',
)


@pytest.mark.parametrize('name', HERE)
def test_nothing_is_lost(name: str, tmp_path: Path) -> None:
    [group] = [group for group in GROUPS if group.name == name]
    [result] = run_groups([group], tmp_path, fast=True)
    assert result.outcomes
    assert (result.lost, result.executed) == ([], [])


def test_groups_are_apart() -> None:
    names = [group.name for group in GROUPS]
    assert len({*names}) == len(names)
    assert {*HERE} <= {*names}


def _losing(folder: Path, fast: bool) -> Iterator[Outcome]:
    del folder, fast
    yield Outcome('first', True)
    yield Outcome('second', False, 'it is gone')


def _executing(folder: Path, fast: bool) -> Iterator[Outcome]:
    del folder, fast
    yield Outcome('payload', True, executed=True)


def _empty(folder: Path, fast: bool) -> Iterator[Outcome]:
    del folder, fast
    return iter(())


@pytest.mark.parametrize('run', [_losing, _executing, _empty])
def test_the_status_tells_a_loss(run, tmp_path: Path) -> None:
    results = run_groups([Group('group', 'promise', run)], tmp_path, True)
    assert report(results, None) == 1


def test_what_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    group = Group('group', 'promise', _losing)
    (tmp_path / 'faults').mkdir()
    results = run_groups([group], tmp_path / 'faults', True)
    report(results, str(tmp_path / 'out'))
    assert 'LOST group: second: it is gone' in capsys.readouterr().out
    with (tmp_path / 'out' / 'summary.csv').open() as file:
        counts = [*csv.DictReader(file)]
    assert [row['faults'] for row in counts] == ['group', 'all']
    assert [row['lost'] for row in counts] == ['1', '1']
    assert all(row['commit'] and row['command'] for row in counts)
    with (tmp_path / 'out' / 'outcomes.csv').open() as file:
        rows = [*csv.DictReader(file)]
    assert [row['survived'] for row in rows] == ['True', 'False']


def test_no_group(tmp_path: Path) -> None:
    with pytest.raises(InputError, match='see --list'):
        run_groups([], tmp_path, True)
