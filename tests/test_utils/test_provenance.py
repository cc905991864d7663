"""Which code a number comes from, in checkouts made for the test."""

import shutil
import subprocess
from pathlib import Path

import pytest

from mmvision_ext.utils import provenance

pytestmark = pytest.mark.skipif(
    shutil.which('git') is None, reason='needs git'
)


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch) -> Path:
    """A folder whose module is that under test, not yet a checkout."""
    monkeypatch.setenv('GIT_CEILING_DIRECTORIES', str(tmp_path.parent))
    monkeypatch.setattr(provenance, '__file__', str(tmp_path / 'module.py'))
    return tmp_path


def _git(folder: Path, *arguments: str) -> str:
    who = ('-c', 'user.name=a', '-c', 'user.email=a@b.c')
    return subprocess.run(
        ['git', *who, *arguments],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()


@pytest.mark.parametrize('place', ['projects/study', 'tools/benchmarks'])
def test_a_commit_and_its_changes(checkout: Path, place: str) -> None:
    assert provenance.code_commit() == 'unknown'
    results = checkout / place / 'results'
    results.mkdir(parents=True)
    for file in (checkout / 'module.py', results / 'runs.csv'):
        file.write_text('1')
    _git(checkout, 'init', '-q')
    _git(checkout, 'add', '.')
    _git(checkout, 'commit', '-q', '-m', 'all')
    commit = _git(checkout, 'rev-parse', 'HEAD')[:12]
    assert provenance.code_commit() == commit
    (results / 'runs.csv').write_text('2')
    (checkout / 'scratch').touch()
    assert provenance.code_commit() == commit
    (checkout / 'module.py').write_text('2')
    assert provenance.code_commit() == f'{commit}+changes'


def test_a_processor_is_always_named() -> None:
    name = provenance.processor_name()
    assert name and name == name.strip() and '\n' not in name


def test_hardware_and_command(monkeypatch: pytest.MonkeyPatch) -> None:
    name = provenance.processor_name()
    assert provenance.hardware_name('cpu').startswith(f'{name}, ')
    monkeypatch.setattr('sys.argv', ['tools/a.py', '--out', 'a b'])
    assert provenance.command_line() == "python tools/a.py --out 'a b'"
