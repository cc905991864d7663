"""What saving a checkpoint safely costs, against mmengine's own."""

import multiprocessing
import re
import statistics
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import torch
from mmengine.runner import save_checkpoint

from mmvision_ext.utils import InputError
from mmvision_ext.utils.provenance import code_commit, hardware_name

from .safe_save import write_checkpoint

_TENSORS = 64


def _save_stock(content: dict, path: Path) -> None:
    save_checkpoint(content, str(path))


#: Name to a function that saves a content to a file.
WAYS: dict[str, Callable[[dict, Path], None]] = {
    'stock': _save_stock,
    'safe': write_checkpoint,
}


def measure_save_cost(
    megabytes: float, folder: Path, repeats: int, command: str
) -> dict[str, object]:
    """Save the same content both ways in turn.

    Args:
        megabytes: Size of the checkpoint, in 10**6 bytes.
        folder: Where the files go; its file system is what is measured.
        repeats: Saves of each kind; the medians are compared.
        command: How the measurement was started.

    Returns:
        A row of a table: seconds of each way, those of the processor alone,
        and the peak of its memory above what the process had before, over
        the size of the checkpoint.

    Raises:
        InputError: A size or the number of repeats is not positive.
    """
    if megabytes <= 0 or repeats < 1:
        raise InputError(
            'benchmark: expected megabytes above 0 and at least 1 repeat, '
            f'found {megabytes} and {repeats}'
        )
    content = make_content(megabytes)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / 'save_cost.pth'
    seconds: dict[str, list[float]] = {way: [] for way in WAYS}
    processor: dict[str, list[float]] = {way: [] for way in WAYS}
    try:
        for _ in range(repeats):
            for way, save in WAYS.items():
                start, used = time.perf_counter(), time.process_time()
                save(content, path)
                seconds[way].append(time.perf_counter() - start)
                processor[way].append(time.process_time() - used)
        size = path.stat().st_size
        memory = {way: peak_memory(way, content, path) for way in WAYS}
    finally:
        for file in folder.glob(f'{path.name}*'):
            file.unlink()
    return {
        'megabytes': f'{size / 1e6:.1f}',
        'repeats': repeats,
        **{
            f'{way}_seconds': f'{statistics.median(seconds[way]):.3f}'
            for way in WAYS
        },
        **{
            f'{way}_cpu_seconds': f'{statistics.median(processor[way]):.3f}'
            for way in WAYS
        },
        **{f'{way}_memory': f'{memory[way] / size:.2f}' for way in WAYS},
        'hardware': hardware_name('cpu'),
        'commit': code_commit(),
        'command': command,
    }


def make_content(megabytes: float) -> dict[str, dict[str, torch.Tensor]]:
    """Make weights of a given size.

    Args:
        megabytes: Size in 10**6 bytes.

    Returns:
        ``state_dict`` with 64 tensors of equal length, float32.
    """
    length = round(megabytes * 1e6 / 4 / _TENSORS)
    return dict(
        state_dict={f'{n}.weight': torch.rand(length) for n in range(_TENSORS)}
    )


def peak_memory(way: str, content: dict, path: Path) -> int:
    """Measure a save in a process of its own.

    Args:
        way: One of :data:`WAYS`.
        content: What is saved.
        path: Where.

    Returns:
        Bytes by which the resident memory rose at its peak.
    """
    context = multiprocessing.get_context('fork')
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(
        target=_report_peak, args=(way, content, path, sender)
    )
    process.start()
    sender.close()
    peak = receiver.recv()
    process.join()
    return peak


def _report_peak(
    way: str, content: dict, path: Path, sender: Connection
) -> None:
    Path('/proc/self/clear_refs').write_text('5')  # forgets the peak so far
    before = _status('VmRSS')
    WAYS[way](content, path)
    sender.send(_status('VmHWM') - before)


def _status(name: str) -> int:
    """An entry of this process' memory, in bytes."""
    text = Path('/proc/self/status').read_text()
    match = re.search(rf'{name}:\s+(\d+) kB', text)
    assert match is not None, f'no {name} in /proc/self/status'
    return int(match[1]) * 1024
