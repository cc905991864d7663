"""Facts about this Python environment, gathered without importing much."""

import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distributions, requires
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]

INSTALL = 'bash tools/install.sh --force'


def canonical(name: str) -> str:
    """Name of a distribution as package indexes compare it.

    Args:
        name: Any spelling of the name.

    Returns:
        The name in lower case with single hyphens.
    """
    return re.sub(r'[-_.]+', '-', name).lower()


def installed_versions() -> dict[str, str]:
    """Versions of every installed distribution.

    Returns:
        Version by canonical name.
    """
    found: dict[str, str] = {}
    for distribution in distributions():
        name = distribution.metadata['Name']
        if name:
            found.setdefault(canonical(name), distribution.version)
    return found


def read_requirements(path: Path) -> list[str]:
    """Requirements of one file, without comments and options.

    Args:
        path: A requirements file.

    Returns:
        One requirement per entry.
    """
    lines = (
        line.partition('#')[0].strip()
        for line in path.read_text('utf-8').splitlines()
    )
    return [line for line in lines if line and not line.startswith('-')]


@dataclass(frozen=True)
class Wanted:
    """What this version of the package asks for.

    Attributes:
        ranges: Requirement lines that must be met.
        pins: Requirement lines of the tested set, each ``name==version``;
            empty outside a checkout, where only the ranges are known.
        checkout: Root of the checkout, or None where the package was
            installed without one.
    """

    ranges: list[str]
    pins: list[str]
    checkout: Path | None

    def install_command(self) -> str:
        """The command that installs all that is missing."""
        if self.checkout is None:
            return f'{pip()} install --upgrade mmvision_ext'
        return f'cd {shlex.quote(str(self.checkout))} && {INSTALL}'

    def line(self, name: str) -> str:
        """The requirement line of one package: its pin, else its range.

        Args:
            name: Canonical name of a required package.

        Returns:
            The line, such as ``torch==2.11.0``.

        Raises:
            KeyError: If the package is not required.
        """
        for line in (*self.pins, *self.ranges):
            match = re.match(r'[A-Za-z0-9._-]+', line)
            if match and canonical(match[0]) == name:
                return line
        raise KeyError(f'{name} is not among the requirements')


def wanted(checkout: Path = CHECKOUT) -> Wanted:
    """Read the ranges and, in a checkout, the tested set.

    Args:
        checkout: Folder that holds ``requirements/`` in a checkout.

    Returns:
        What this version of the package asks for.

    Raises:
        PackageNotFoundError: If there is neither a checkout nor an installed
            distribution of mmvision_ext to read from.
    """
    folder = checkout / 'requirements'
    if (folder / 'tested.txt').is_file():
        return Wanted(
            read_requirements(folder / 'runtime.txt'),
            read_requirements(folder / 'tested.txt'),
            checkout,
        )
    try:
        lines = requires('mmvision_ext') or []
    except PackageNotFoundError as error:
        raise PackageNotFoundError(
            f'mmvision_ext: neither {folder}/tested.txt nor an installed '
            'distribution was found'
        ) from error
    return Wanted([line for line in lines if 'extra ==' not in line], [], None)


def pip() -> str:
    """How to call the pip of this very Python from a shell."""
    return f'{shlex.quote(sys.executable)} -m pip'


def driver_cuda() -> tuple[int, int] | None:
    """Newest CUDA version that the NVIDIA driver supports.

    Returns:
        Major and minor version, or None without a driver.
    """
    program = shutil.which('nvidia-smi')
    if program is None:
        return None
    try:
        shown = subprocess.run(
            [program], capture_output=True, text=True, timeout=30
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(r'CUDA Version:\s*(\d+)\.(\d+)', shown)
    return (int(match[1]), int(match[2])) if match else None
