"""Everything that can be told of a config before anything is built."""

from collections.abc import Mapping, Sequence
from typing import Any

from .loader_check import loader_faults
from .metric_check import family_faults, monitor_faults
from .part_check import part_faults
from .parts import parts_of_mode, parts_of_runner
from .read_keys import unread_key_faults
from .runner_keys import runner_key_faults
from .schedule_check import schedule_faults


def runner_faults(cfg: Mapping[str, Any]) -> list[str]:
    """Find what ends a run while its runner is built.

    Args:
        cfg: The complete config.

    Returns:
        One sentence a fault, each beginning with its key path.
    """
    parts = [*parts_of_runner(cfg)]
    return (
        runner_key_faults(cfg) + part_faults(parts) + unread_key_faults(parts)
    )


def mode_faults(cfg: Mapping[str, Any], modes: Sequence[str]) -> list[str]:
    """Find what ends a training, a validation or a test.

    Args:
        cfg: The complete config.
        modes: Any of ``'train'``, ``'val'``, ``'test'``.

    Returns:
        One sentence a fault, each beginning with its key path.
    """
    faults: list[str] = []
    for mode in modes:
        if mode != 'train' and cfg.get(f'{mode}_cfg') is None:
            continue
        faults += loader_faults(cfg, mode)
        parts = [*parts_of_mode(cfg, mode)]
        faults += part_faults(parts) + unread_key_faults(parts)
        if mode == 'train':
            faults += schedule_faults(cfg)
        else:
            faults += family_faults(cfg, mode)
    if 'train' in modes and cfg.get('val_cfg') is not None:
        faults += monitor_faults(cfg)
    # The plain values are checked last, and may be told of already.
    first = {fault.partition(': ')[0]: fault for fault in reversed(faults)}
    return [fault for fault in faults if fault in first.values()]
