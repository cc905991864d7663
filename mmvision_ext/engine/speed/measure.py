"""Images a second of one classifier, trained in different ways."""

import statistics
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from mmvision_ext.apis.progress import track
from mmvision_ext.utils import InputError
from mmvision_ext.utils.provenance import code_commit, processor_name

from .configs import Precision, speed_config
from .contenders import BareContender, Contender, RunnerContender

STOCK = 'stock'


@dataclass(frozen=True)
class SpeedOptions:
    """How much is measured.

    Attributes:
        iterations: Iterations of an epoch, at least 3; the first two do not
            count.
        repeats: Epochs of each contender, in turn; the median counts.
        batch_size: Images a batch.
        precisions: Of ours and of the bare loop.
        compile_mode: Mode of :func:`torch.compile` for them; None does not
            compile.
        workers: Worker processes of the stock way; None takes those of the
            base config.
    """

    iterations: int = 20
    repeats: int = 5
    batch_size: int = 128
    precisions: tuple[Precision, ...] = ('float32', 'mixed')
    compile_mode: str | None = None
    workers: int | None = None

    def __post_init__(self) -> None:
        if self.iterations < 3 or self.repeats < 1:
            raise InputError(
                'benchmark: expected at least 3 iterations and 1 repeat, '
                f'found {self.iterations} and {self.repeats}'
            )


@dataclass(frozen=True)
class SpeedRow:
    """Speed of one way of training.

    Attributes:
        model: Name of the classifier.
        way: ``'stock'``, ``'ours'`` or ``'bare'``: a loop on one batch.
        precision: ``'float32'`` or ``'bfloat16'``.
        compiled: Mode of ``torch.compile``, empty without it.
        images_per_second: Median over the repeats.
        lowest: Slowest repeat, images per second.
        highest: Fastest repeat.
        times_stock: Speed over that of the stock way.
        times_bare: Time over that of the bare loop of the same precision;
            None where it was not timed.
        batch_size: Images a batch.
        iterations: Iterations of a repeat.
        repeats: Number of repeats.
        workers: Worker processes that load data.
        threads: Threads of PyTorch.
        hardware: GPU, or processor.
        torch_version: Version of PyTorch.
        config: The config file.
        commit: State of the code.
        command: What was called.
    """

    model: str
    way: str
    precision: str
    compiled: str
    images_per_second: float
    lowest: float
    highest: float
    times_stock: float
    times_bare: float | None
    batch_size: int
    iterations: int
    repeats: int
    workers: int
    threads: int
    hardware: str
    torch_version: str
    config: str
    commit: str
    command: str


@dataclass
class Entry:
    """A contender and what its row says of it.

    Attributes:
        way: As in :class:`SpeedRow`.
        precision: In force, ``'float32'`` or ``'bfloat16'``.
        contender: What is timed.
        workers: Worker processes that load data.
        compiled: Mode of ``torch.compile``.
        seconds: Mean seconds of an iteration, for each repeat.
    """

    way: str
    precision: str
    contender: Contender
    workers: int = 0
    compiled: str = ''
    seconds: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        """Median seconds of an iteration."""
        return statistics.median(self.seconds)


def build_entries(
    path: str | Path, options: SpeedOptions, folder: str | Path
) -> list[Entry]:
    """Set all contenders of a config up.

    Args:
        path: Config file, a leaf under ``configs/cifar100``.
        options: How much is measured.
        folder: For logs.

    Returns:
        The stock way, then ours and the bare loop in each precision.
    """
    size = (options.iterations, options.batch_size)
    stock = speed_config(
        path, 'stock', 'float32', *size, workers=options.workers
    )
    stock.work_dir = str(Path(folder) / STOCK)
    entries = [
        Entry(
            STOCK,
            'float32',
            RunnerContender(stock),
            stock.train_dataloader.num_workers,
        )
    ]
    for asked in options.precisions:
        config = speed_config(path, 'ours', asked, *size, options.compile_mode)
        config.work_dir = str(Path(folder) / asked)
        ours = RunnerContender(config)
        mixed = getattr(ours.runner.optim_wrapper, 'enabled', False)
        entries += [
            Entry(
                way,
                'bfloat16' if mixed else 'float32',
                contender,
                compiled=options.compile_mode or '',
            )
            for way, contender in (
                ('ours', ours),
                ('bare', BareContender(config, ours.num_iterations)),
            )
        ]
    return entries


def measure_speed(
    path: str | Path, options: SpeedOptions, folder: str | Path, command: str
) -> tuple[list[SpeedRow], list[Entry]]:
    """Time all ways of training a classifier, in turn.

    One epoch of each runs before, uncounted, so that caches are filled and
    networks compiled.

    Args:
        path: Config file, a leaf under ``configs/cifar100``.
        options: How much is measured.
        folder: For logs.
        command: What was called, for the rows.

    Returns:
        A row a contender, and the contenders, for
        :func:`~mmvision_ext.engine.speed.breakdown.measure_parts`.

    Raises:
        InputError: If the config or its data cannot be used.
    """
    entries = build_entries(path, options, folder)
    name = Path(path).name.partition('_')[0]
    total = (options.repeats + 1) * len(entries)
    turns = [
        (repeat, entry)
        for repeat in range(options.repeats + 1)
        for entry in entries
    ]
    for repeat, entry in track(turns, name, total):
        seconds = entry.contender.epoch()
        if repeat:
            entry.seconds.append(seconds)
    bare = {
        entry.precision: entry.median
        for entry in entries
        if entry.way == 'bare'
    }
    common = dict(
        model=name,
        batch_size=options.batch_size,
        repeats=options.repeats,
        threads=torch.get_num_threads(),
        hardware=_device_name(),
        torch_version=str(torch.__version__),
        config=str(path),
        commit=code_commit(),
        command=command,
    )
    rows = [_row(entry, entries[0].median, bare, common) for entry in entries]
    return rows, entries


def _device_name() -> str:
    """The GPU that trains, or the processor."""
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    return processor_name()


def _row(
    entry: Entry,
    stock: float,
    bare: Mapping[str, float],
    common: Mapping[str, Any],
) -> SpeedRow:
    size = common['batch_size']
    limit = bare.get(entry.precision)
    return SpeedRow(
        way=entry.way,
        precision=entry.precision,
        compiled=entry.compiled,
        images_per_second=size / entry.median,
        lowest=size / max(entry.seconds),
        highest=size / min(entry.seconds),
        times_stock=stock / entry.median,
        times_bare=None if limit is None else entry.median / limit,
        iterations=entry.contender.num_iterations,
        workers=entry.workers,
        **common,
    )
