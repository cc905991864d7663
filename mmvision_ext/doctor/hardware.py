"""Checks of torch, its device and mmcv's operators."""

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from mmvision_ext.ops.door import (
    COMPILE_COMMAND,
    COMPILED,
    DOOR_COMMAND,
    MISSING,
    ops_kind,
)

from .environment import pip
from .finding import Finding, Level

STAND_INS = 'nms, RoIAlign (average) and sigmoid focal loss'
TORCH_INDEX = 'https://download.pytorch.org/whl'
Importer = Callable[[str], Any]


@dataclass(frozen=True)
class TorchPair:
    """The versions of torch and torchvision that belong together.

    Attributes:
        lines: Requirement lines of torch and torchvision.
    """

    lines: tuple[str, ...]

    def command(self, build: str = '') -> str:
        """The command that replaces both, and leaves all else alone.

        Args:
            build: CUDA build to take, such as ``cu126``; the default build
                of the package index when empty.

        Returns:
            A shell command.
        """
        pair = ' '.join(shlex.quote(line) for line in self.lines)
        source = f' --index-url {TORCH_INDEX}/{build}' if build else ''
        return (
            f'{pip()} uninstall -y torch torchvision && '
            f'{pip()} install {pair}{source}'
        )


def check_torch(
    driver: tuple[int, int] | None,
    pair: TorchPair,
    load: Importer = import_module,
) -> list[Finding]:
    """Whether torch and torchvision load, and on which device they run.

    Args:
        driver: Newest CUDA version of the NVIDIA driver; None without one.
        pair: The versions that belong together.
        load: Imports a module by name.

    Returns:
        A finding for torch's device and one for torchvision's operators.
    """
    try:
        torch = load('torch')
    except Exception as error:  # a broken library raises anything
        return [
            Finding(
                Level.MEND,
                'device',
                f'import torch fails: {error}',
                pair.command(),
            )
        ]
    return [_device(torch, driver, pair), _torchvision(torch, pair, load)]


def _device(
    torch: Any, driver: tuple[int, int] | None, pair: TorchPair
) -> Finding:
    """The device that torch will train on."""
    built = torch.version.cuda
    if torch.cuda.is_available():
        names = ', '.join(
            torch.cuda.get_device_name(index)
            for index in range(torch.cuda.device_count())
        )
        return Finding(Level.OK, 'device', f'CUDA {built}: {names}')
    if torch.backends.mps.is_available():
        return Finding(Level.OK, 'device', 'MPS (Apple GPU)')
    if driver is None:
        return Finding(Level.OK, 'device', 'CPU; no NVIDIA driver found')
    shown = '.'.join(map(str, driver))
    if built is None:
        return Finding(
            Level.NOTE,
            'device',
            f'CPU: torch is a CPU build, the driver supports CUDA {shown}',
            pair.command('cu130' if driver >= (13, 0) else 'cu126'),
        )
    if int(built.partition('.')[0]) > driver[0]:
        text = (
            f'torch is built for CUDA {built}, the NVIDIA driver supports '
            f'CUDA {shown} at most'
        )
        return Finding(Level.MEND, 'device', text, pair.command('cu126'))
    return Finding(
        Level.MEND,
        'device',
        f'torch for CUDA {built} sees no GPU though the driver (CUDA '
        f'{shown}) is there',
        'echo "CUDA_VISIBLE_DEVICES=$CUDA_VISIBLE_DEVICES" && nvidia-smi',
    )


def _torchvision(torch: Any, pair: TorchPair, load: Importer) -> Finding:
    """Whether torchvision's compiled operators fit this torch."""
    try:
        version = load('torchvision').__version__
        _ = torch.ops.torchvision.nms  # raises where it is not compiled
    except Exception as error:  # a broken library raises anything
        first = str(error).partition('\n')[0]
        return Finding(
            Level.MEND,
            'torchvision',
            f'does not work with torch {torch.__version__}: {first}',
            pair.command(),
        )
    return Finding(Level.OK, 'torchvision ops', f'loaded ({version})')


def check_ops(load: Importer = import_module) -> Finding:
    """Where mmcv's operators come from, and whether they load.

    Args:
        load: Imports a module by name.

    Returns:
        One finding.
    """
    try:
        kind = ops_kind()
    except ModuleNotFoundError as error:
        return Finding(Level.MEND, 'mmcv ops', str(error))
    if kind == MISSING:
        return Finding(
            Level.MEND,
            'mmcv ops',
            'neither compiled nor replaced by stand-ins',
            DOOR_COMMAND,
        )
    try:
        load('torch')
        load('mmcv._ext')
    except Exception as error:  # a broken library raises anything
        command = COMPILE_COMMAND if kind == COMPILED else DOOR_COMMAND
        return Finding(
            Level.MEND,
            'mmcv ops',
            f'{kind}, but fail to load: {error}',
            command,
        )
    if kind == COMPILED:
        return Finding(Level.OK, 'mmcv ops', 'all compiled')
    return Finding(
        Level.OK,
        'mmcv ops',
        f'stand-ins from torchvision for {STAND_INS}; any other raises an '
        f'error that says so. To compile all: {COMPILE_COMMAND}',
    )
