"""How long a model takes in PyTorch, compiled, and exported, in one run."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.config import Config
from numpy.typing import NDArray
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from mmvision_ext.apis.task import task_of
from mmvision_ext.utils.tables import number

from .images import check_size
from .latency_ways import (
    InputSize,
    TimedClassifier,
    TimedDetector,
    TimedModel,
    Way,
)
from .measure import check_timing, measure_latency, torch_threads
from .report import Protocol, record_protocol

EAGER = 'PyTorch eager'
COMPILED = 'torch.compile'
FLOAT = 'ONNX Runtime float32'
INT8 = 'ONNX Runtime int8'
REASON = 300  # letters of why a way is not possible
_NEEDED = (EAGER, FLOAT)


@dataclass(frozen=True)
class LatencyRow:
    """One way to run a model.

    ``None`` is what was not measured; ``note`` says why.

    Attributes:
        name: The way.
        latency_ms: Median time of one image.
        latency_lower_ms: A quarter of the calls took less.
        latency_upper_ms: Three quarters of the calls took less.
        speed: How many times as fast as PyTorch eager.
        max_difference: Largest difference of the output to PyTorch eager's.
        note: What is to be known beside.
    """

    name: str
    latency_ms: float | None = None
    latency_lower_ms: float | None = None
    latency_upper_ms: float | None = None
    speed: float | None = None
    max_difference: float | None = None
    note: str = ''


def compare_latency(
    config: Config,
    checkpoint: str | Path,
    threads: int = 1,
    rounds: int = 50,
    input_size: InputSize = None,
    command: str = '',
) -> tuple[list[LatencyRow], Protocol]:
    """Time one image through every way to run a model, in turn.

    A way that is not possible, with this model or on this machine, has a row
    that says why.

    Args:
        config: Config of a classifier, an attribute model, or a Mask or
            Faster R-CNN.
        checkpoint: File of the weights.
        threads: Number of threads of every way.
        rounds: How often each is timed.
        input_size: Height and width of a random image; None takes one of the
            test set.
        command: How it was started, for the record.

    Returns:
        One row a way, PyTorch eager first, and how they were measured.

    Raises:
        InputError: A number is too small, a file is missing, the weights do
            not fit, or the model cannot be exported.
    """
    check_timing(threads, rounds)
    check_size(input_size)
    detects = 'detection' in task_of(config)
    kind = TimedDetector if detects else TimedClassifier
    model = kind(config, checkpoint, input_size)
    with tempfile.TemporaryDirectory() as folder, torch_threads(threads):
        ways, outputs, notes = _try_all(model, Path(folder), threads)
        times = measure_latency(ways, rounds)
    rows = []
    for name, note in notes.items():
        if name not in ways:
            rows.append(LatencyRow(name, note=note))
            continue
        time = times[name]
        difference, note = _difference(outputs[EAGER], outputs[name])
        rows.append(
            LatencyRow(
                name,
                time.median,
                time.lower,
                time.upper,
                times[EAGER].median / time.median,
                difference,
                note,
            )
        )
    size = ' x '.join(map(str, model.image.shape[2:]))
    source = 'random pixels' if input_size else 'of the test set'
    return rows, record_protocol(
        config,
        checkpoint,
        f'one image, {source}, {size} (height x width)',
        f'largest difference {model.unit}',
        threads,
        rounds,
        command,
    )


def print_latency(
    rows: Sequence[LatencyRow],
    protocol: Protocol,
    console: Console | None = None,
) -> None:
    """Print a table with what one has to know to read it.

    Args:
        rows: The ways.
        protocol: How they were measured.
        console: Where to; None prints to the standard output.
    """
    console = console or Console()
    table = Table(
        title='Latency',
        title_justify='left',
        box=SIMPLE_HEAD,
        padding=(0, 0, 0, 1),
        pad_edge=False,
    )
    table.add_column('way', no_wrap=True)
    for head in ('median\n(ms)', 'times as\nfast', 'largest\ndifference'):
        table.add_column(head, justify='right', no_wrap=True)
    for row in rows:
        table.add_row(
            row.name,
            number(row.latency_ms, '.2f'),
            number(row.speed, '.2f'),
            number(row.max_difference, '.1e'),
        )
    console.print(table)
    notes = [f'{row.name}: {row.note}.' for row in rows if row.note]
    notes += [
        f'Latency: {protocol.data}, {protocol.threads} thread(s) of '
        f'{protocol.hardware}, median of {protocol.rounds} calls after '
        'warm-up, the ways in turn.',
        f'Output: {protocol.method}, against {EAGER}.',
    ]
    for line in notes:
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def _try_all(
    model: TimedModel, folder: Path, threads: int
) -> tuple[dict[str, Way], dict[str, Sequence[NDArray[Any]]], dict[str, str]]:
    """The ways that are possible, their outputs, and of all why not."""
    makers: dict[str, Callable[[], Way]] = {
        EAGER: model.eager,
        COMPILED: model.compiled,
        FLOAT: lambda: model.exported(folder, threads),
        INT8: lambda: model.int8(folder, threads),
    }
    ways, outputs, notes = {}, {}, {}
    for name, make in makers.items():
        try:
            way = make()
            outputs[name] = way()  # is compiled here
        except Exception as error:  # compilers raise many kinds
            if name in _NEEDED:
                raise
            # The reason may stand in any line of it.
            text = ' '.join(str(error).split()) or type(error).__name__
            notes[name] = f'not possible: {text[:REASON].rstrip(".")}'
        else:
            ways[name], notes[name] = way, ''
    return ways, outputs, notes


def _difference(
    expected: Sequence[NDArray[Any]], found: Sequence[NDArray[Any]]
) -> tuple[float | None, str]:
    """Largest difference of the first output, or why there is none."""
    if expected[0].shape != found[0].shape:
        return None, (
            f'{len(found[0])} detections, {len(expected[0])} in {EAGER}'
        )
    if any(
        not np.array_equal(*pair)
        for pair in zip(expected[1:], found[1:], strict=True)
    ):
        return None, f'other classes than {EAGER}, or another order'
    return float(np.abs(expected[0] - found[0]).max(initial=0)), ''
