"""The requirements and the parts of tools/install.sh that need no network."""

import os
import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from mmvision_ext.doctor.environment import read_requirements

PIN_FILES = (
    'tested',
    'tested-demo',
    'tested-deploy',
    'tested-docs',
    'tested-tests',
    'tested-dev',
    'tested-text',
    'compile',
)


def pins(repository: Path, *names: str) -> dict[str, Requirement]:
    """Pinned requirements by canonical name."""
    found: dict[str, Requirement] = {}
    for name in names:
        file = repository / 'requirements' / f'{name}.txt'
        for line in read_requirements(file):
            pin = Requirement(line)
            key = canonicalize_name(pin.name)
            assert found.setdefault(key, pin) == pin, f'{key}: two versions'
    return found


def test_every_tested_version_is_exact(repository: Path) -> None:
    for pin in pins(repository, *PIN_FILES).values():
        operators = [item.operator for item in pin.specifier]
        assert operators == ['=='], f'{pin} is not exact'


@pytest.mark.parametrize('python', ['3.10.0', '3.11.0', '3.12.0'])
def test_tested_versions_support_each_python(
    repository: Path, python: str
) -> None:
    refused = []
    for name, pin in pins(repository, *PIN_FILES).items():
        try:
            facts = metadata(name)
        except PackageNotFoundError:  # of an extra, or for another Python
            continue
        supported = (
            facts['Requires-Python'] if 'Requires-Python' in facts else ''
        )
        if not SpecifierSet(supported).contains(python):
            refused.append(f'{pin} asks for Python {supported}')
    assert not refused


@pytest.mark.parametrize(
    ('ranges', 'tested'),
    [
        ('runtime', ('tested',)),
        ('demo', ('tested-demo',)),
        ('deploy', ('tested-deploy',)),
        ('tests', ('tested-tests', 'tested-deploy')),
        ('dev', ('tested-dev',)),
        ('docs', ('tested-docs', 'tested-tests', 'tested-deploy')),
        ('text', ('tested-text',)),
    ],
)
def test_tested_versions_lie_in_their_ranges(
    repository: Path, ranges: str, tested: tuple[str, ...]
) -> None:
    known = pins(repository, *tested)
    for line in read_requirements(
        repository / 'requirements' / f'{ranges}.txt'
    ):
        asked = Requirement(line)
        pin = known[canonicalize_name(asked.name)]
        version = str(pin.specifier).removeprefix('==')
        assert asked.specifier.contains(version), f'{pin} is not in {asked}'


def install(
    checkout: Path, *arguments: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run tools/install.sh of a checkout, with no package index."""
    return subprocess.run(
        ['bash', str(checkout / 'tools' / 'install.sh'), *arguments],
        env={
            **os.environ,
            'PIP_NO_INDEX': '1',
            'PIP_FIND_LINKS': '',
            **environment,
        },
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )


def test_scripts_are_valid_shell(repository: Path) -> None:
    for name in ('tools/install.sh', 'tools/run_tests.sh', '.ci/run'):
        subprocess.run(['bash', '-n', str(repository / name)], check=True)


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (['--wat'], "unknown option '--wat'"),
        (['--extras', 'tests,wat'], "unknown extra 'wat'"),
        (['--extras'], '--extras needs a list'),
    ],
)
def test_wrong_arguments(
    repository: Path, arguments: list[str], message: str
) -> None:
    done = install(repository, *arguments)
    assert done.returncode == 1
    assert message in done.stderr


def test_help(repository: Path) -> None:
    done = install(repository, '--help')
    assert done.returncode == 0
    assert 'Example: bash tools/install.sh' in done.stdout


def test_an_unsuitable_python_is_refused(
    repository: Path, tmp_path: Path
) -> None:
    done = install(
        repository, VENV=str(tmp_path / 'none'), PYTHON='/bin/false'
    )
    assert done.returncode == 1
    assert 'PYTHON=/bin/false is not a Python 3.10, 3.11' in done.stderr
    assert not (tmp_path / 'none').exists()


def test_a_broken_environment_is_named(
    repository: Path, tmp_path: Path
) -> None:
    done = install(repository, VENV=str(tmp_path))
    assert done.returncode == 1
    assert f"rm -rf '{tmp_path}'" in done.stderr


@pytest.fixture
def checkout(repository: Path, tmp_path: Path) -> Path:
    """A copy of what the installer needs, in a path with a space.

    Its .venv has no package and no pip, so that every attempt to install
    fails at once.
    """
    root = tmp_path / 'a check out'
    for name in ('mmvision_ext', 'requirements', 'tools'):
        shutil.copytree(
            repository / name,
            root / name,
            ignore=shutil.ignore_patterns('__pycache__'),
        )
    for name in ('setup.py', 'pyproject.toml'):
        shutil.copy(repository / name, root)
    subprocess.run(
        [sys.executable, '-m', 'venv', '--without-pip', str(root / '.venv')],
        check=True,
    )
    return root


def test_upstream_distributions_stop_the_installer(checkout: Path) -> None:
    site = next((checkout / '.venv').glob('lib/python3*/site-packages'))
    metadata = site / 'mmcv_full-1.7.2.dist-info' / 'METADATA'
    metadata.parent.mkdir()
    metadata.write_text(
        'Metadata-Version: 2.1\nName: mmcv-full\nVersion: 1.7.2\n'
    )
    done = install(checkout, VENV='')
    assert done.returncode == 1
    assert 'upstream mmcv-full installed' in done.stderr
    assert '-m pip uninstall -y mmcv-full' in done.stderr


def test_a_failing_pip_is_shown_and_not_taken_for_done(checkout: Path) -> None:
    for _ in range(2):
        done = install(checkout, VENV='')
        assert done.returncode == 1
        assert 'No module named pip' in done.stderr
        assert 'pip install failed' in done.stderr


def test_an_up_to_date_environment_is_left_alone(checkout: Path) -> None:
    """With pip faked, a second run installs nothing and a change does."""
    site = next((checkout / '.venv').glob('lib/python3*/site-packages'))
    (site / 'pip').mkdir()
    (site / 'pip' / '__main__.py').write_text('print("pip ran")\n')
    (site / 'mmcv').mkdir()
    (site / 'mmcv' / '__init__.py').touch()
    log = checkout / '.venv' / 'mmvision_ext' / 'install.log'

    def pip_calls(*arguments: str) -> int:
        log.unlink(missing_ok=True)
        done = install(checkout, *arguments, VENV='')
        assert done.returncode == 0, done.stderr
        return log.read_text().count('pip ran')

    first = pip_calls()
    assert first > 0
    assert (site / 'mmcv' / '_ext.py').is_file()
    assert pip_calls() == 0
    # the extra tests stands on deploy
    assert pip_calls('--extras', 'tests') == 2
    assert pip_calls('--extras', 'tests') == 0
    assert pip_calls('--force') == first
    with (checkout / 'requirements' / 'tested.txt').open('a') as file:
        file.write('# changed\n')
    assert pip_calls() == first


def test_versions_are_said_once(repository: Path) -> None:
    from mmvision_ext import __version__

    citation = (repository / 'CITATION.cff').read_text()
    assert f'\nversion: {__version__}\n' in citation
