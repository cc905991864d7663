"""Size, operations and latency of a model."""

import gzip
import io
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from mmvision_ext.apis.progress import track
from mmvision_ext.utils import InputError

MEBIBYTE = 2**20


@dataclass(frozen=True)
class Latency:
    """Time of one call, in milliseconds.

    Attributes:
        median: Half of the calls took less.
        lower: A quarter of the calls took less.
        upper: Three quarters of the calls took less.
    """

    median: float
    lower: float
    upper: float


@dataclass(frozen=True)
class ModelSize:
    """What a model takes.

    Attributes:
        file_mib: Its state dict as ``torch.save`` writes it.
        gzip_mib: The same, compressed by gzip.
        params: Number of parameters.
        nonzero: Number of parameters that are not zero.
        gflops: Multiply-adds of convolutions and matrix products for one
            image, in 1e9.
    """

    file_mib: float
    gzip_mib: float
    params: int
    nonzero: int
    gflops: float


def measure_size(model: nn.Module, image: torch.Tensor) -> ModelSize:
    """Weigh a model.

    Args:
        model: A classifier on the CPU in evaluation mode.
        image: Normalised input, shape (1, C, H, W).

    Returns:
        Its size.
    """
    buffer = io.BytesIO()
    torch.save(model.state_dict(), buffer)
    parameters = list(model.parameters())
    return ModelSize(
        file_mib=len(buffer.getvalue()) / MEBIBYTE,
        gzip_mib=_gzip_mib(buffer.getvalue()),
        params=sum(value.numel() for value in parameters),
        nonzero=sum(int(value.count_nonzero()) for value in parameters),
        gflops=count_multiply_adds(model, image) / 1e9,
    )


def count_multiply_adds(model: nn.Module, image: torch.Tensor) -> int:
    """Count the multiply-adds of convolutions and matrix products.

    Args:
        model: A classifier in evaluation mode.
        image: Normalised input, shape (1, C, H, W).

    Returns:
        Their number: half of the operations that torch counts.
    """
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(image)
    return counter.get_total_flops() // 2


def file_sizes(path: str | Path) -> tuple[float, float]:
    """Size of a file, as it is and compressed.

    Args:
        path: The file.

    Returns:
        MiB on disk, and MiB compressed by gzip.
    """
    content = Path(path).read_bytes()
    return len(content) / MEBIBYTE, _gzip_mib(content)


def check_timing(threads: int, rounds: int) -> None:
    """Refuse numbers that nothing can be timed with.

    Args:
        threads: Number of threads.
        rounds: How often each is timed.

    Raises:
        InputError: There are fewer than 1 thread or 2 rounds.
    """
    if threads < 1:
        raise InputError(f'threads: expected at least 1, found {threads}.')
    if rounds < 2:
        raise InputError(
            f'rounds: expected at least 2, which quartiles need, found '
            f'{rounds}.'
        )


def measure_latency(
    calls: Mapping[str, Callable[[], object]],
    rounds: int,
    warmup: int = 10,
) -> dict[str, Latency]:
    """Time calls in turn, so that what disturbs one disturbs all.

    Args:
        calls: Name to what is timed.
        rounds: How often each is timed, at least 2.
        warmup: How often each is called before.

    Returns:
        Name to latency.
    """
    times: dict[str, list[float]] = {name: [] for name in calls}
    for number in track(range(warmup + rounds), 'timing', warmup + rounds):
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            if number >= warmup:
                times[name].append((time.perf_counter() - start) * 1000)
    result = {}
    for name, values in times.items():
        lower, median, upper = statistics.quantiles(
            values, n=4, method='inclusive'
        )
        result[name] = Latency(median, lower, upper)
    return result


@contextmanager
def torch_threads(count: int) -> Iterator[None]:
    """Let torch compute with a number of threads, for a while.

    Args:
        count: Number of threads.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _gzip_mib(content: bytes) -> float:
    return len(gzip.compress(content)) / MEBIBYTE
