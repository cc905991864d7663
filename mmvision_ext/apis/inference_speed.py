"""How many samples a second a model takes."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from mmengine.runner import autocast
from torch.utils.data import DataLoader

from mmvision_ext.deployment.measure import Latency, measure_latency

SECONDS = 10.0  # that the measurement may take, about
MIN_ROUNDS, MAX_ROUNDS = 3, 30
WARMUP = 1  # beside the calls that tell how many rounds there is time for


@dataclass(frozen=True)
class Rate:
    """Samples a second.

    Attributes:
        median: Half of the batches were slower.
        lower: A quarter of the batches were slower.
        upper: Three quarters of the batches were slower.
    """

    median: float
    lower: float
    upper: float


@dataclass(frozen=True)
class Speed:
    """How fast batches pass, one after the other in one process.

    Attributes:
        network: From a preprocessed batch on the device to predictions there.
        pipeline: From files to predictions: reading, transforms, collating,
            preprocessing and the network.
        batch_size: Samples of a batch.
        batches: Number of batches that were timed, after warm-up.
    """

    network: Rate
    pipeline: Rate
    batch_size: int
    batches: int


def measure_speed(model: Any, loader: DataLoader, fp16: bool = False) -> Speed:
    """Time a model on batches of a data loader.

    Batches are read in this process, whatever the loader's workers; a last
    one that is smaller is left out where there are others. It takes about ten
    seconds, or three batches where these take longer.

    Args:
        model: A model of mmengine in evaluation mode, without a wrapper.
        loader: Gives its batches; read as often as it takes.
        fp16: Whether to compute with automatic mixed precision.

    Returns:
        The speed.
    """
    device = next(model.parameters()).device
    batches = _cycle(loader)
    first = next(batches)

    def synchronise() -> None:
        if device.type == 'cuda':
            torch.cuda.synchronize(device)

    def network() -> None:
        with torch.no_grad(), autocast(enabled=fp16):
            if isinstance(data, dict):
                model(**data, mode='predict')
            else:
                model(*data, mode='predict')
        synchronise()

    def pipeline() -> None:
        with torch.no_grad(), autocast(enabled=fp16):
            model.test_step(next(batches))
        synchronise()

    data = model.data_preprocessor(first, False)
    start = time.perf_counter()
    network()
    pipeline()
    took = time.perf_counter() - start
    rounds = int(min(max(SECONDS / took, MIN_ROUNDS), MAX_ROUNDS))
    found = measure_latency(
        {'network': network, 'pipeline': pipeline}, rounds, WARMUP
    )
    size = _batch_size(loader)
    return Speed(
        _rate(found['network'], size),
        _rate(found['pipeline'], size),
        size,
        rounds,
    )


def _cycle(loader: DataLoader) -> Iterator[Any]:
    """Full batches of a loader, read in this process, again and again."""
    size = _batch_size(loader)
    sampler: Any = loader.batch_sampler
    while True:
        yield from DataLoader(
            loader.dataset,
            batch_sampler=[batch for batch in sampler if len(batch) == size],
            collate_fn=loader.collate_fn,
        )


def _batch_size(loader: DataLoader) -> int:
    """Size of a loader's first batch."""
    sampler: Any = loader.batch_sampler
    return len(next(iter(sampler)))


def _rate(latency: Latency, size: int) -> Rate:
    """Samples a second from milliseconds a batch."""
    return Rate(
        *(
            1000 * size / value
            for value in (latency.median, latency.upper, latency.lower)
        )
    )
