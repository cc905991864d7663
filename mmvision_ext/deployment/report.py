"""What compression changed: a table to read and a CSV to keep."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from mmengine.config import Config
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from mmvision_ext.utils.provenance import code_commit, processor_name
from mmvision_ext.utils.tables import number, save_csv


@dataclass(frozen=True)
class Protocol:
    """How the numbers of a run came about.

    Attributes:
        data: Dataset and number of images of the accuracy.
        hardware: Processor on which the latency was measured.
        threads: Number of threads of the latency.
        rounds: Number of calls of each model that were timed.
        method: How the model was compressed.
        config: Config file.
        checkpoint: File of the weights.
        commit: Commit of this checkout.
        command: How the run was started.
        time: When, in UTC.
    """

    data: str
    hardware: str
    threads: int
    rounds: int
    method: str
    config: str
    checkpoint: str
    commit: str
    command: str
    time: str


@dataclass(frozen=True)
class Stage:
    """A model before, during or after compression.

    ``None`` is what was not measured.

    Attributes:
        name: What the table calls it.
        file: Where it lies.
        size_mib: Size of the weights or of the ONNX file.
        gzip_mib: The same, compressed by gzip.
        latency_ms: Median time of one image, batch size 1.
        latency_lower_ms: A quarter of the images took less.
        latency_upper_ms: Three quarters of the images took less.
        top1: Accuracy in per cent.
        agreement: Images, in per cent, that the model puts into the same
            class as the first one of the table.
        params_m: Parameters in millions.
        nonzero_m: Parameters that are not zero, in millions.
        gflops: Multiply-adds for one image, in 1e9.
        box_ap50: Of a detector: AP of boxes at an IoU of 0.5, in per cent.
        mask_ap50: The same of masks.
    """

    name: str
    file: str
    size_mib: float
    gzip_mib: float
    latency_ms: float
    latency_lower_ms: float
    latency_upper_ms: float
    top1: float | None = None
    agreement: float | None = None
    params_m: float | None = None
    nonzero_m: float | None = None
    gflops: float | None = None
    box_ap50: float | None = None
    mask_ap50: float | None = None


def record_protocol(
    config: Config,
    checkpoint: str | Path,
    data: str,
    method: str,
    threads: int,
    rounds: int,
    command: str,
) -> Protocol:
    """Note how a run came about: the arguments, and machine, code and time.

    Args:
        config: Config of the model, read from a file.
        checkpoint: File of its weights.
        data: Dataset and number of images of the accuracy.
        method: How the model was compressed.
        threads: Number of threads of the latency.
        rounds: Number of calls of each model that were timed.
        command: How the run was started.

    Returns:
        The protocol of a run that ends now, on this machine.
    """
    return Protocol(
        data=data,
        hardware=processor_name(),
        threads=threads,
        rounds=rounds,
        method=method,
        config=str(config.filename),
        checkpoint=str(checkpoint),
        commit=code_commit(),
        command=command,
        time=datetime.now(timezone.utc).isoformat(timespec='seconds'),
    )


_COLUMNS = {
    'size_mib': ('size\n(MiB)', '.2f'),
    'gzip_mib': ('gzipped\n(MiB)', '.2f'),
    'params_m': ('params\n(M)', '.3f'),
    'nonzero_m': ('not zero\n(M)', '.3f'),
    'gflops': ('GFLOPs', '.3f'),
    'latency_ms': ('latency\n(ms)', '.2f'),
    'top1': ('top-1\n(%)', '.2f'),
    'agreement': ('as first\n(%)', '.1f'),
    'box_ap50': ('box AP50\n(%)', '.2f'),
    'mask_ap50': ('mask AP50\n(%)', '.2f'),
}
_ACCURACIES = {
    'top1': 'top-1',
    'box_ap50': 'box AP50',
    'mask_ap50': 'mask AP50',
}


def print_report(
    title: str,
    stages: Sequence[Stage],
    protocol: Protocol,
    console: Console | None = None,
) -> None:
    """Print a table with what one has to know to read it.

    Args:
        title: Above the table.
        stages: Rows; changes are told against the first.
        protocol: How the numbers came about.
        console: Where to; None prints to the standard output.
    """
    console = console or Console()
    shown = {
        key: value
        for key, value in _COLUMNS.items()
        if any(getattr(stage, key) is not None for stage in stages)
    }
    table = Table(
        title=title,
        title_justify='left',
        box=SIMPLE_HEAD,
        padding=(0, 0, 0, 1),  # 80 columns are enough
        pad_edge=False,
    )
    table.add_column('model', no_wrap=True)
    for head, _ in shown.values():
        table.add_column(head, justify='right', no_wrap=True)
    for stage in stages:
        table.add_row(
            stage.name,
            *(
                number(getattr(stage, key), spec)
                for key, (_, spec) in shown.items()
            ),
        )
    console.print(table)
    for line in [*_changes(stages), *_notes(stages, protocol)]:
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def write_csv(
    rows: Sequence[Any], protocol: Protocol, path: str | Path
) -> Path:
    """Write one row a model, each with the whole protocol.

    Args:
        rows: Dataclasses of one kind, such as :class:`Stage`.
        protocol: How the numbers came about.
        path: File; its folder is made where missing.

    Returns:
        The file.
    """
    names = [
        field.name for kind in (rows[0], protocol) for field in fields(kind)
    ]
    return save_csv(
        path, names, ((*astuple(row), *astuple(protocol)) for row in rows)
    )


def _changes(stages: Sequence[Stage]) -> list[str]:
    """A line for each later model: what it gained and lost."""
    first = stages[0]
    return [
        f'{stage.name} against {first.name}: '
        f'{stage.size_mib / first.size_mib:.0%} of the size '
        f'({stage.gzip_mib / first.gzip_mib:.0%} gzipped), '
        f'{first.latency_ms / stage.latency_ms:.2f} times as fast'
        + ''.join(
            f', {name} {getattr(stage, key) - getattr(first, key):+.2f} points'
            for key, name in _ACCURACIES.items()
            if getattr(first, key) is not None
        )
        for stage in stages[1:]
    ]


def _notes(stages: Sequence[Stage], protocol: Protocol) -> list[str]:
    accuracies = [
        name
        for key, name in _ACCURACIES.items()
        if getattr(stages[0], key) is not None
    ]
    notes = [
        f'Method: {protocol.method}.',
        f'{" and ".join(accuracies)}: {protocol.data}.',
        f'Latency: one image (batch 1), {protocol.threads} thread(s) of '
        f'{protocol.hardware}, median of {protocol.rounds} calls after '
        'warm-up, the models in turn.',
    ]
    if any(stage.gflops is not None for stage in stages):
        notes.append(
            'GFLOPs: multiply-adds of convolutions and matrix products, zeros '
            'included.'
        )
    return notes
