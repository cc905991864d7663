"""What a detector costs: time, memory, parameters, operations."""

import logging
import multiprocessing
import statistics
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from mmengine.analysis import get_model_complexity_info
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.logging import MMLogger
from torch.utils.flop_counter import FlopCounterMode

from mmvision_ext.utils.provenance import hardware_name

from .model import Detector, load_config, load_detector, pick_device
from .predictions import build_dataset

MEBIBYTE = 2**20
WARMUP = 5  # images that run before those that are timed


@dataclass(frozen=True)
class ModelCost:
    """Cost of one image at a time.

    Attributes:
        device: Name of the processor.
        latency_ms: Median time in milliseconds of normalising an image that
            is in memory already, the network, and its post-processing to
            boxes and masks of the original size.
        fps: 1000 / ``latency_ms``.
        num_timed: Number of images that were timed.
        peak_memory_mib: Highest memory in MiB; None where it cannot be
            measured.
        memory_kind: What ``peak_memory_mib`` counts.
        params: Number of parameters.
        gflops: Multiply-adds of one image in 1e9, as mmdet counts "FLOPs".
        gflops_kind: How ``gflops`` was counted.
        input_shape: Height and width of the network's input for ``gflops``.
    """

    device: str
    latency_ms: float
    fps: float
    num_timed: int
    peak_memory_mib: float | None
    memory_kind: str
    params: int
    gflops: float
    gflops_kind: str
    input_shape: tuple[int, int]


def measure_cost(
    config: str | Path | Config,
    checkpoint: str | Path,
    device: str | None = None,
    dataset_config: str | Path | Config | None = None,
    num_images: int = 30,
) -> ModelCost:
    """Measure a detector in a process of its own.

    A fresh process keeps the memory of one model out of the account of
    another.

    Args:
        config: Config file or config of the model.
        checkpoint: File or http(s) address of its weights.
        device: Such as ``'cuda:0'`` or ``'cpu'``; None takes the first GPU
            where there is one.
        dataset_config: Take the test images from this config's dataset.
        num_images: Number of images to time, at least 1; the dataset is
            repeated where it has fewer.

    Returns:
        The cost.

    Raises:
        InputError: A file is missing, weights do not fit, or the dataset is
            empty.
    """
    context = multiprocessing.get_context('spawn')
    with ProcessPoolExecutor(1, mp_context=context) as executor:
        return executor.submit(
            _measure,
            load_config(config),
            checkpoint,
            pick_device(device),
            None if dataset_config is None else load_config(dataset_config),
            num_images,
        ).result()


def count_operations(model: Detector, batch: dict) -> tuple[float, str]:
    """Count the multiply-adds of one batch.

    Args:
        model: A detector in evaluation mode.
        batch: What ``pseudo_collate`` makes of dataset items; ``inputs`` is a
            list of images (3, H, W), uint8.

    Returns:
        Multiply-adds in 1e9, and how they were counted: by tracing the
        forward pass, as mmdet's ``get_flops.py`` does, or, where the model
        cannot be traced, by counting what a prediction runs.
    """
    data = model.data_preprocessor(batch, False)
    forward = model.forward
    logger = MMLogger.get_current_instance()
    level = logger.level
    try:
        # The tracer lists every operation that it counts as free.
        logger.setLevel(logging.ERROR)
        model.forward = partial(forward, data_samples=data['data_samples'])
        with torch.no_grad():
            report = get_model_complexity_info(
                model,
                None,
                inputs=data['inputs'],
                show_table=False,
                show_arch=False,
            )
        return report['flops'] / 1e9, 'traced as in mmdet get_flops.py'
    except Exception as error:  # torch's tracer raises many kinds
        reason = type(error).__name__
    finally:
        logger.setLevel(level)
        model.forward = forward
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model.test_step(batch)
    return (
        counter.get_total_flops() / 2e9,
        f'torch flop counter / 2, since tracing failed ({reason})',
    )


def _measure(
    config: Config,
    checkpoint: str | Path,
    device: str,
    dataset_config: Config | None,
    num_images: int,
) -> ModelCost:
    """Run in the fresh process."""
    dataset = build_dataset(config, 'test', dataset_config)
    items = [
        dataset[index % len(dataset)]
        for index in range(min(num_images, len(dataset)))
    ]
    on_gpu = device.startswith('cuda')
    before = _peak_resident_mib()
    if on_gpu:
        torch.cuda.reset_peak_memory_stats(device)
    model = load_detector(config, checkpoint, device)
    times = []
    for index in range(WARMUP + num_images):
        batch = pseudo_collate([items[index % len(items)]])
        start = _now(device)
        with torch.no_grad():
            model.test_step(batch)
        if index >= WARMUP:
            times.append(_now(device) - start)
    peak: float | None
    if on_gpu:
        peak = torch.cuda.max_memory_allocated(device) / MEBIBYTE
        memory_kind = 'most CUDA memory allocated by torch'
    else:
        after = _peak_resident_mib()
        if before is None or after is None:
            peak, memory_kind = None, 'not measured: no /proc here'
        else:
            peak = after - before
            memory_kind = 'rise of the peak resident memory of the process'
    batch = pseudo_collate([items[0]])
    gflops, gflops_kind = count_operations(model, batch)
    latency = statistics.median(times) * 1000
    shape = items[0]['inputs'].shape
    return ModelCost(
        device=hardware_name(torch.device(device)),
        latency_ms=latency,
        fps=1000 / latency,
        num_timed=len(times),
        peak_memory_mib=peak,
        memory_kind=memory_kind,
        params=sum(value.numel() for value in model.parameters()),
        gflops=gflops,
        gflops_kind=gflops_kind,
        input_shape=(int(shape[1]), int(shape[2])),
    )


def _now(device: str) -> float:
    """Seconds, once the device has done all that it was told."""
    if device.startswith('cuda'):
        torch.cuda.synchronize(device)
    return time.perf_counter()


def _peak_resident_mib() -> float | None:
    """Peak resident memory of this process in MiB.

    Read from /proc: ``getrusage`` would report the peak of the parent
    process where that was higher.
    """
    status = Path('/proc/self/status')
    if not status.is_file():
        return None
    for line in status.read_text().splitlines():
        if line.startswith('VmHWM:'):
            return int(line.split()[1]) / 1024
    return None
