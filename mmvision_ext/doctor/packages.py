"""Checks of which distributions are installed, in which versions."""

from collections.abc import Callable

from .environment import Wanted, canonical, pip
from .finding import Finding, Level

PYTHON_FIRST, PYTHON_END = (3, 10), (3, 13)

# Distributions that install the same import packages.
FAMILIES = {
    'onedl-mmcv': ('mmcv', 'mmcv-full', 'mmcv-lite'),
    'onedl-mmdetection': ('mmdet',),
    'onedl-mmengine': ('mmengine', 'mmengine-lite'),
    'onedl-mmpretrain': ('mmpretrain', 'mmcls'),
}
OPENCV = (
    'opencv-python',
    'opencv-python-headless',
    'opencv-contrib-python',
    'opencv-contrib-python-headless',
)


def check_python(version: tuple[int, ...]) -> Finding:
    """Whether this Python version is supported.

    Args:
        version: Major, minor and further parts.

    Returns:
        One finding.
    """
    text = '.'.join(map(str, version[:3]))
    if PYTHON_FIRST <= version[:2] < PYTHON_END:
        return Finding(Level.OK, 'Python', text)
    return Finding(
        Level.MEND,
        'Python',
        f'{text}; expected 3.10, 3.11 or 3.12',
        'rm -rf .venv && PYTHON=python3.12 bash tools/install.sh',
    )


def check_clashes(
    installed: dict[str, str], install_command: str
) -> list[Finding]:
    """Find upstream distributions, which overwrite those of OneDL.

    Args:
        installed: Version by canonical name.
        install_command: Installs what is missing afterwards.

    Returns:
        One finding when there is a clash, else an empty list.
    """
    upstream = [
        name
        for names in FAMILIES.values()
        for name in names
        if name in installed
    ]
    if not upstream:
        return []
    both = [
        ours
        for ours, names in FAMILIES.items()
        if ours in installed and any(name in installed for name in names)
    ]
    text = (
        f'upstream {", ".join(upstream)} installed; the onedl-* '
        'distributions put the same modules in the same folders, so only '
        'one family can be there'
    )
    command = (
        f'{pip()} uninstall -y {" ".join(upstream + both)} && '
        f'{install_command}'
    )
    return [Finding(Level.MEND, 'clash', text, command)]


def check_opencv(
    installed: dict[str, str],
    load: Callable[[], object],
    headless: str,
) -> Finding:
    """Whether ``import cv2`` works and comes from one version.

    Args:
        installed: Version by canonical name.
        load: Imports cv2.
        headless: Requirement line of opencv-python-headless.

    Returns:
        One finding.
    """
    found = {name: installed[name] for name in OPENCV if name in installed}
    text = ', '.join(f'{name} {version}' for name, version in found.items())
    install = f'{pip()} install --force-reinstall --no-deps "{headless}"'
    if not found:
        return Finding(Level.MEND, 'opencv', 'not installed', install)
    command = f'{pip()} uninstall -y {" ".join(found)} && {install}'
    if len(set(found.values())) > 1:
        return Finding(
            Level.MEND,
            'opencv',
            f'{text}: different versions overwrite each other',
            command,
        )
    try:
        load()
    except Exception as error:  # a broken library raises anything
        return Finding(
            Level.MEND, 'opencv', f'{text}: import cv2 fails: {error}', command
        )
    return Finding(Level.OK, 'opencv', text)


def check_versions(installed: dict[str, str], wanted: Wanted) -> list[Finding]:
    """Compare installed versions with the ranges and the tested set.

    OpenCV has a check of its own, since any of its builds will do.

    Args:
        installed: Version by canonical name.
        wanted: Ranges and tested set.

    Returns:
        A finding for every required package, and for every other package of
        the tested set that is missing or differs.
    """
    try:
        from packaging.requirements import Requirement
    except ImportError:
        return [
            Finding(
                Level.MEND,
                'packaging',
                'not installed; without it no version can be compared',
                wanted.install_command(),
            )
        ]
    pins = {}
    for line in wanted.pins:
        pin = Requirement(line)
        if pin.marker is None or pin.marker.evaluate():
            pins[canonical(pin.name)] = str(pin.specifier).lstrip('=')
    findings = []
    for line in wanted.ranges:
        asked = Requirement(line)
        name = canonical(asked.name)
        tested = pins.pop(name, None)
        if name in OPENCV:
            continue
        version = installed.get(name)
        if version is None:
            findings.append(
                _missing(name, f'expected {asked.specifier}', wanted)
            )
        elif not asked.specifier.contains(version, prereleases=True):
            exact = f'=={tested}' if tested else str(asked.specifier)
            findings.append(
                Finding(
                    Level.MEND,
                    name,
                    f'{version} is out of range; expected {asked.specifier}',
                    f'{pip()} install --no-cache-dir "{name}{exact}"',
                )
            )
        else:
            findings.append(_in_range(name, version, tested))
    for name, tested in pins.items():
        version = installed.get(name)
        if version is None:
            findings.append(_missing(name, f'tested with {tested}', wanted))
        elif version != tested:
            findings.append(_in_range(name, version, tested))
    return findings


def _in_range(name: str, version: str, tested: str | None) -> Finding:
    """A package that is there; its version may differ from the tested one."""
    public = version.partition('+')[0]  # torch 2.11.0+cpu is torch 2.11.0
    if tested is None or public == tested:
        return Finding(Level.OK, name, version)
    return Finding(Level.NOTE, name, f'{version}; tested with {tested}')


def _missing(name: str, wish: str, wanted: Wanted) -> Finding:
    """A package that is not there."""
    return Finding(
        Level.MEND,
        name,
        f'not installed; {wish}',
        wanted.install_command(),
    )
