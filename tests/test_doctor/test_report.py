"""The doctor's output, exit status and independence of other packages."""

import subprocess
import sys
from pathlib import Path

import pytest

from mmvision_ext.doctor import Finding, Level, __main__
from mmvision_ext.doctor.report import print_findings, summary

GOOD = Finding(Level.OK, 'torch', '2.11.0')
BAD = Finding(Level.MEND, 'numpy', 'not installed', 'bash mend [it].sh')


@pytest.mark.parametrize('with_rich', [True, False])
def test_commands_follow_the_table(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    with_rich: bool,
) -> None:
    if not with_rich:
        monkeypatch.setitem(sys.modules, 'rich', None)
    print_findings([GOOD, BAD, Finding(Level.MEND, 'six', 'x', BAD.command)])
    shown = capsys.readouterr().out
    assert 'MEND' in shown
    assert 'not installed' in shown
    assert shown.endswith('For numpy, six, run:\n    bash mend [it].sh\n')


def test_summary_counts() -> None:
    assert summary([GOOD]) == 'Nothing has to be mended.'
    assert summary([GOOD, BAD]) == '1 thing must be mended.'
    assert summary([BAD, BAD]) == '2 things must be mended.'


@pytest.mark.parametrize(
    ('findings', 'status'),
    [
        ([GOOD, Finding(Level.NOTE, 'six', '1.16')], 0),
        ([GOOD, BAD], 1),
    ],
)
def test_exit_status(
    monkeypatch: pytest.MonkeyPatch, findings: list[Finding], status: int
) -> None:
    monkeypatch.setattr(__main__, 'examine', lambda: findings)
    assert __main__.main([]) == status


def test_runs_without_any_other_package(repository: Path) -> None:
    """In a Python with no package installed, all is missing but reported."""
    done = subprocess.run(
        [sys.executable, '-S', '-m', 'mmvision_ext.doctor'],
        cwd=repository,
        env={'PATH': ''},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1, done.stderr
    assert "No module named 'torch'" in done.stdout
    assert 'mmcv is not installed' in done.stdout
    assert 'bash tools/install.sh --force' in done.stdout


def test_this_environment_is_examined() -> None:
    subjects = {item.subject for item in __main__.examine()}
    assert {'Python', 'torch', 'opencv', 'device', 'mmcv ops'} <= subjects
