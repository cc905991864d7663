"""The doctor's checks of distributions, on faked ones."""

from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from mmvision_ext.doctor import Level
from mmvision_ext.doctor.environment import (
    Wanted,
    canonical,
    installed_versions,
    wanted,
)
from mmvision_ext.doctor.packages import (
    check_clashes,
    check_opencv,
    check_python,
    check_versions,
)

HEADLESS = 'opencv-python-headless==4.12.0.88'


@pytest.fixture
def asked(tmp_path: Path) -> Wanted:
    """A checkout with two required packages and one more tested."""
    folder = tmp_path / 'my checkout' / 'requirements'
    folder.mkdir(parents=True)
    (folder / 'runtime.txt').write_text(
        '# why\ntorch>=2.6,<2.13\nNum_Py>=1.26  # why\nopencv-python>=4\n'
    )
    (folder / 'tested.txt').write_text(
        'torch==2.11.0\nnumpy==2.2.6\nsix==1.17.0\nopencv-python==4.12\n'
        'tomli==2.5.0; python_version < "3"\n'
    )
    return wanted(folder.parent)


GOOD = {'torch': '2.11.0', 'numpy': '2.2.6', 'six': '1.17.0'}


@pytest.mark.parametrize(
    ('version', 'level'),
    [
        ((3, 9, 18), Level.MEND),
        ((3, 10, 0), Level.OK),
        ((3, 12, 9), Level.OK),
        ((3, 13, 0), Level.MEND),
    ],
)
def test_python_range(version: tuple[int, ...], level: Level) -> None:
    finding = check_python(version)
    assert finding.level is level
    assert bool(finding.command) is (level is Level.MEND)


def test_the_tested_set_is_all_right(asked: Wanted) -> None:
    findings = check_versions(GOOD, asked)
    assert [item.subject for item in findings] == ['torch', 'num-py']


def test_a_local_version_is_the_tested_one(asked: Wanted) -> None:
    torch = check_versions({**GOOD, 'torch': '2.11.0+cpu'}, asked)[0]
    assert torch.level is Level.OK


def by_subject(installed: dict[str, str], asked: Wanted) -> dict:
    return {item.subject: item for item in check_versions(installed, asked)}


@pytest.fixture
def named(asked: Wanted) -> Wanted:
    """The same, with numpy under its usual name."""
    ranges = [line.replace('Num_Py', 'numpy') for line in asked.ranges]
    return Wanted(ranges, asked.pins, asked.checkout)


def test_another_version_in_range_is_a_note(named: Wanted) -> None:
    found = by_subject({**GOOD, 'numpy': '1.26.4', 'six': '1.16'}, named)
    assert found['numpy'].level is Level.NOTE
    assert found['numpy'].text == '1.26.4; tested with 2.2.6'
    assert found['six'].level is Level.NOTE


def test_a_version_out_of_range_must_be_mended(named: Wanted) -> None:
    found = by_subject({**GOOD, 'torch': '2.13.0'}, named)['torch']
    assert found.level is Level.MEND
    assert '2.13.0 is out of range' in found.text
    assert found.command.endswith('install --no-cache-dir "torch==2.11.0"')


@pytest.mark.parametrize('name', ['torch', 'six'])
def test_a_missing_package_must_be_mended(named: Wanted, name: str) -> None:
    rest = {key: value for key, value in GOOD.items() if key != name}
    found = by_subject(rest, named)[name]
    assert found.level is Level.MEND
    assert 'not installed' in found.text
    assert found.command == (
        f"cd '{named.checkout}' && bash tools/install.sh --force"
    )


def test_without_a_checkout_the_installed_metadata_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        'mmvision_ext.doctor.environment.requires',
        lambda name: ['torch<2.13,>=2.6', 'pytest>=8; extra == "tests"'],
    )
    asked = wanted(tmp_path)
    assert asked == Wanted(['torch<2.13,>=2.6'], [], None)
    found = check_versions({}, asked)
    assert [item.subject for item in found] == ['torch']
    assert found[0].command.endswith('install --upgrade mmvision_ext')


def test_neither_checkout_nor_metadata(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def absent(name: str) -> list[str]:
        raise PackageNotFoundError(name)

    monkeypatch.setattr('mmvision_ext.doctor.environment.requires', absent)
    with pytest.raises(PackageNotFoundError, match='neither'):
        wanted(tmp_path)


def test_line_of_a_package(named: Wanted) -> None:
    assert named.line('torch') == 'torch==2.11.0'
    assert Wanted(named.ranges, [], None).line('torch') == 'torch>=2.6,<2.13'
    with pytest.raises(KeyError, match='jax'):
        named.line('jax')


def test_upstream_beside_onedl_clashes() -> None:
    installed = {
        'onedl-mmcv': '2.3.6',
        'mmcv-full': '1.7.2',
        'mmdet': '3.3.0',
        'onedl-mmengine': '0.10.12',
    }
    findings = check_clashes(installed, 'bash tools/install.sh --force')
    assert len(findings) == 1
    assert findings[0].level is Level.MEND
    assert 'uninstall -y mmcv-full mmdet onedl-mmcv &&' in findings[0].command
    assert findings[0].command.endswith('bash tools/install.sh --force')


def test_onedl_alone_does_not_clash() -> None:
    assert check_clashes({'onedl-mmcv': '2.3.6', 'torch': '2.11'}, '') == []


def test_two_opencv_builds_of_one_version() -> None:
    installed = {'opencv-python': '4.12', 'opencv-python-headless': '4.12'}
    assert check_opencv(installed, object, HEADLESS).level is Level.OK


@pytest.mark.parametrize(
    'installed',
    [
        {},
        {'opencv-python': '4.11', 'opencv-python-headless': '4.12'},
    ],
)
def test_no_opencv_or_two_versions(installed: dict[str, str]) -> None:
    finding = check_opencv(installed, object, HEADLESS)
    assert finding.level is Level.MEND
    assert finding.command.endswith(f'--no-deps "{HEADLESS}"')
    assert ('uninstall -y opencv-python' in finding.command) is bool(installed)


def test_opencv_without_libgl() -> None:
    def load() -> None:
        raise ImportError('libGL.so.1: cannot open shared object file')

    finding = check_opencv({'opencv-python': '4.12'}, load, HEADLESS)
    assert finding.level is Level.MEND
    assert 'libGL.so.1' in finding.text


def test_installed_versions_use_canonical_names() -> None:
    versions = installed_versions()
    assert 'onedl-mmcv' in versions
    assert all(name == canonical(name) for name in versions)
