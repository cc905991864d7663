"""Checkpoints that run code when they are unpickled."""

import warnings
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from mmengine.runner import CheckpointLoader

from mmvision_ext.engine.checkpointing import use_safe_loader
from mmvision_ext.testing.unsafe_files import attack_once, kinds
from mmvision_ext.utils import InputError

from .outcome import Outcome

_FAST_STEP = 8  # has no factor in common with the number of payloads


def unsafe_files(folder: Path, fast: bool) -> Iterator[Outcome]:
    """Have mmengine's loader, with our reader in it, read unsafe files.

    Args:
        folder: Where they are.
        fast: Whether only every eighth is read.

    Yields:
        An outcome for each payload in each kind of file.
    """
    use_safe_loader()
    for attack in kinds()[:: _FAST_STEP if fast else 1]:
        read: list[Path] = []
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')  # of torch, on pickle's protocol
            executed, error = attack_once(partial(_read, read), folder, attack)
        told = 'it was read without an error' if error is None else repr(error)
        clear = isinstance(error, InputError) and str(read[0]) in str(error)
        yield Outcome(
            ', '.join(attack), clear and not executed, told, executed
        )


def _read(read: list[Path], path: Path) -> None:
    read.append(path)
    CheckpointLoader.load_checkpoint(str(path), map_location='cpu')
