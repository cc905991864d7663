"""Read every image of a config's datasets, in parallel, before a long run."""

import multiprocessing
import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from typing import Any

import cv2
from mmengine.config import Config
from mmengine.registry import DATASETS, DefaultScope

from mmvision_ext.engine.images import (
    ImageRecord,
    find_loader,
    image_path,
    inspect_image,
    iter_leaves,
)
from mmvision_ext.utils import InputError
from mmvision_ext.utils.config.check import check_datasets

from .progress import track

SPLITS = ('train', 'val', 'test')
_AT_ONCE = 16  # images that a process takes


@dataclass
class ScannedDataset:
    """One dataset of a config.

    Attributes:
        split: ``train``, ``val`` or ``test``.
        key: Its place in the config.
        type: Name of its class.
        samples: Number of samples.
        files: Path of an image to the index of its first sample; empty where
            the pipeline reads no image files.
    """

    split: str
    key: str
    type: str
    samples: int
    files: dict[str, int] = field(default_factory=dict)


@dataclass
class DatasetScan:
    """What a scan found.

    Attributes:
        datasets: The datasets of the config.
        records: Path of an image to what it holds.
    """

    datasets: list[ScannedDataset]
    records: dict[str, ImageRecord]

    @property
    def fails(self) -> bool:
        """Whether any image would stop or spoil a training."""
        return any(
            problem.fails
            for record in self.records.values()
            for problem in record.problems
        )


def scan_config(
    config: Config,
    splits: Sequence[str] = SPLITS,
    workers: int | None = None,
    visible: bool = True,
) -> DatasetScan:
    """Read every image of the datasets of a config.

    Annotations, and masks where a dataset has mask files, are read when the
    datasets are built; their faults are errors of those.

    Args:
        config: The config.
        splits: Which loaders; those that the config lacks are left out.
        workers: Processes that read; None for as many as there are CPUs, 0
            for none but this one.
        visible: Whether progress is shown; not without workers, where it
            would pass for a message of a decoder.

    Returns:
        What was found.

    Raises:
        InputError: The config has none of the loaders, a dataset cannot be
            built, there are less than 0 workers, or a process died.
    """
    if workers is not None and workers < 0:
        raise InputError(f'workers: expected at least 0, found {workers}.')
    datasets, leaves = _build(config, splits)
    tasks: dict[str, tuple[int, int]] = {}
    for number, dataset in enumerate(datasets):
        for path, index in dataset.files.items():
            tasks.setdefault(path, (number, index))
    workers = (os.cpu_count() or 1) if workers is None else workers
    found = _inspect_all(leaves, list(tasks.values()), workers)
    records = {
        record.path: record
        for record in track(
            found, 'images', len(tasks), visible and workers > 0
        )
    }
    _note_duplicates(datasets, records)
    return DatasetScan(datasets, records)


def _build(
    config: Config, splits: Sequence[str]
) -> tuple[list[ScannedDataset], list[Any]]:
    """Build the datasets and list their files."""
    loaders = [name for name in splits if config.get(f'{name}_dataloader')]
    if not loaders:
        raise InputError(
            f'config: expected {" or ".join(splits)}_dataloader, found none'
        )
    check_datasets(config, loaders)
    datasets, leaves = [], []
    done: list[tuple[Any, Any]] = []  # configs of datasets, and these
    for split in loaders:
        settings = config[f'{split}_dataloader'].dataset
        built = next((b for same, b in done if same == settings), None)
        if built is None:
            with DefaultScope.overwrite_default_scope(
                config.get('default_scope', 'mmengine')
            ):
                built = DATASETS.build(settings)
            done.append((settings, built))
        for place, leaf in iter_leaves(built, f'{split}_dataloader.dataset'):
            if hasattr(leaf, 'full_init'):
                leaf.full_init()
            kind = type(leaf).__name__
            entry = ScannedDataset(split, place, kind, len(leaf))
            if find_loader(getattr(leaf, 'pipeline', None)) is not None:
                entry.files = _files(leaf)
            datasets.append(entry)
            leaves.append(leaf)
    return datasets, leaves


def _files(dataset: Any) -> dict[str, int]:
    """Path of each image to the index of its first sample."""
    files: dict[str, int] = {}
    for index in range(len(dataset)):
        path = image_path(dataset.get_data_info(index))
        if path is not None:
            files.setdefault(path, index)
    return files


_leaves: list[Any] = []  # of this process


def _start(leaves: list[Any]) -> None:
    _leaves[:] = leaves
    cv2.setNumThreads(0)


def _inspect(task: tuple[int, int]) -> ImageRecord:
    dataset = _leaves[task[0]]
    loader = find_loader(dataset.pipeline)
    return inspect_image(dataset.get_data_info(task[1]), loader)


def _inspect_all(
    leaves: list[Any], tasks: list[tuple[int, int]], workers: int
) -> Iterator[ImageRecord]:
    """Records in the order of the tasks, as they come."""
    if not workers:
        _start(leaves)
        yield from map(_inspect, tasks)
        return
    forks = 'fork' in multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context('fork' if forks else None)
    pool = ProcessPoolExecutor(workers, context, _start, (leaves,))
    try:
        yield from pool.map(_inspect, tasks, chunksize=_AT_ONCE)
    except BrokenProcessPool as error:
        raise InputError(
            'a process that read images died, perhaps for want of memory or '
            'in a decoder; use fewer --workers'
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _note_duplicates(
    datasets: list[ScannedDataset], records: dict[str, ImageRecord]
) -> None:
    """Equal files; the same images in training and in evaluation."""
    splits = defaultdict(set)
    for dataset in datasets:
        for path in dataset.files:
            splits[path].add(dataset.split)
    groups = defaultdict(list)
    for record in records.values():
        if record.digest:
            groups[record.digest].append(record)
    for group in groups.values():
        found = set().union(*(splits[record.path] for record in group))
        if 'train' in found and len(found) > 1:
            others = ' and '.join(sorted(found - {'train'}))
            group[0].add('leak', False, f'in train and in {others}')
        for record in group[1:]:
            record.add('duplicate', False, f'same file as {group[0].path}')
