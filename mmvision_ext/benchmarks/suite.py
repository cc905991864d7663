"""The benchmarks by name, and how they are run."""

import os
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from typing import NamedTuple

from mmvision_ext.utils import InputError
from mmvision_ext.utils.nearest import did_you_mean

from .row import BenchmarkRow


class Benchmark(NamedTuple):
    """Where a benchmark is, so that naming it imports nothing large.

    Attributes:
        module: Module of this package.
        summary: What it measures, in a line.
        function: Function of the module; takes whether to be quick, and gives
            rows.
    """

    module: str
    summary: str
    function: str = 'run'


#: Name to benchmark, in the order of the table.
BENCHMARKS = {
    'mask-rcnn': Benchmark(
        'mask_rcnn.measure', 'Mask R-CNN, step by step, against torchvision'
    ),
    'coco-evaluation': Benchmark(
        'coco_evaluation', 'COCO evaluation against pycocotools'
    ),
    'attribute-metric': Benchmark(
        'attribute_metric', 'measures of attributes against scikit-learn'
    ),
    'import': Benchmark('import_time', 'import of the package, and help'),
    'data-pipelines': Benchmark(
        'data_pipelines', 'data pipelines against those of the hosts'
    ),
    'cifar-training': Benchmark(
        'training_costs',
        'training on CIFAR-100 against mmpretrain',
        'cifar_training',
    ),
    'checkpoint-saving': Benchmark(
        'training_costs',
        'safe checkpoints against those of mmengine',
        'checkpoint_saving',
    ),
    'non-finite-hook': Benchmark(
        'training_costs', 'what NonFiniteHook adds', 'non_finite_hook'
    ),
    'histogram-hook': Benchmark(
        'training_costs', 'what HistogramHook adds', 'histogram_hook'
    ),
    'safety-hooks': Benchmark(
        'training_costs', 'what all safety hooks add', 'safety_hooks'
    ),
}


def run_benchmarks(
    names: Sequence[str], quick: bool
) -> Iterator[tuple[str, float, list[BenchmarkRow]]]:
    """Run benchmarks one after the other, on one thread of PyTorch.

    Args:
        names: Which; none for all.
        quick: Whether to run each on little.

    Yields:
        Name, load average of the machine before it began, and its rows.

    Raises:
        InputError: There is no such benchmark, or its data is missing.
    """
    for name in names:
        if name not in BENCHMARKS:
            raise InputError(
                f'NAME: expected one of {", ".join(BENCHMARKS)}, found '
                f'{name!r}{did_you_mean(name, BENCHMARKS)}'
            )
    import torch

    torch.set_num_threads(1)
    for name in names or BENCHMARKS:
        found = BENCHMARKS[name]
        module = import_module(f'mmvision_ext.benchmarks.{found.module}')
        function: Callable[[bool], list[BenchmarkRow]]
        function = getattr(module, found.function)
        load = os.getloadavg()[0]
        yield name, load, function(quick)
