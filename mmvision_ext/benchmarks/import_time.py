"""How long a command keeps one waiting before it does anything."""

import resource
import statistics
import subprocess
import sys

from mmvision_ext.apis.progress import track

from .row import BenchmarkRow

_BARE = ('python -c pass', ('-c', 'pass'))
_CALLS = (
    ('import mmvision_ext', ('-c', 'import mmvision_ext'), ''),
    ('mmvision --help', ('-m', 'mmvision_ext', '--help'), '< 0.5 s'),
    (
        'mmvision train --help',
        ('-m', 'mmvision_ext', 'train', '--help'),
        '< 0.5 s',
    ),
)
_LIMIT = 60.0  # seconds; nothing here may hang


def run(quick: bool) -> list[BenchmarkRow]:
    """Start fresh processes in turn.

    Times are those of the processor: what one waits where nothing else runs
    and the files were read before. The median counts.

    Args:
        quick: Whether to start each once.

    Returns:
        A row a call, beside a bare interpreter.
    """
    calls = dict([_BARE, *((name, args) for name, args, _ in _CALLS)])
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    rounds = 1 if quick else 9
    turns = [name for _ in range(rounds) for name in calls]
    for name in track(turns, 'import', len(turns)):
        start = _children_seconds()
        subprocess.run(
            [sys.executable, *calls[name]],
            check=True,
            stdout=subprocess.DEVNULL,
            timeout=_LIMIT,
        )
        seconds[name].append(_children_seconds() - start)
    bare = statistics.median(seconds[_BARE[0]])
    return [
        BenchmarkRow(
            what=name,
            ours=statistics.median(seconds[name]),
            peer_name=_BARE[0],
            peer=bare,
            unit='s',
            aim=aim,
        )
        for name, _, aim in _CALLS
    ]


def _children_seconds() -> float:
    """Seconds of the processor in processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
