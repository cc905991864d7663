"""Settings of data loaders that PyTorch would refuse."""

import inspect
from collections.abc import Iterator, Mapping
from typing import Any

from torch.utils.data import DataLoader

from mmvision_ext.utils.nearest import nearest

#: Keys that mmengine takes out before it calls PyTorch.
_TAKEN = {
    'dataset',
    'sampler',
    'batch_sampler',
    'collate_fn',
    'worker_init_fn',
    'num_batch_per_epoch',
    'disable_subprocess_warning',
}
#: Batch samplers that refuse what is no number of images.
_BATCHED = ('AspectRatioBatchSampler', 'mmdet.AspectRatioBatchSampler')
_KNOWN = sorted({*inspect.signature(DataLoader).parameters, *_TAKEN})


def loader_faults(cfg: Mapping[str, Any], mode: str) -> list[str]:
    """Find keys and values of a data loader that cannot work.

    Args:
        cfg: The complete config.
        mode: ``'train'``, ``'val'`` or ``'test'``.

    Returns:
        One sentence a fault.
    """
    key = f'{mode}_dataloader'
    loader = cfg.get(key)
    if not isinstance(loader, Mapping):
        return []
    faults = [
        f'{key}.{name}: a data loader has no such setting'
        f'{nearest(name, _KNOWN)}'
        for name in loader
        if name not in _KNOWN
    ]
    faults += [*_dataset_faults(loader, key), *_count_faults(loader, key)]
    if not loader.get('num_workers'):
        faults += [
            f'{key}.{name}: needs num_workers of 1 or more: set '
            f'{key}.num_workers, or {key}.{name} = {off}'
            for name, off in (
                ('persistent_workers', False),
                ('prefetch_factor', None),
            )
            if loader.get(name)
        ]
    return faults


def _dataset_faults(loader: Mapping[str, Any], key: str) -> Iterator[str]:
    """A dataset that is missing, a text, or a list of configs."""
    if 'dataset' not in loader:
        yield f'{key}.dataset: expected a dataset, found none'
        return
    dataset = loader['dataset']
    members = dataset if isinstance(dataset, (list, tuple)) else ()
    if isinstance(dataset, str) or any(
        isinstance(item, Mapping) and 'type' in item for item in members
    ):
        yield (
            f'{key}.dataset: expected a dict with a type, found {dataset!r}'
        )


def _count_faults(loader: Mapping[str, Any], key: str) -> Iterator[str]:
    """Numbers of images and of workers that PyTorch refuses."""
    sampler = loader.get('batch_sampler')
    if 'batch_size' in loader and (
        sampler is None
        or (isinstance(sampler, Mapping) and sampler.get('type') in _BATCHED)
    ):
        size = loader['batch_size']
        if size is not None and (not _is_whole(size) or size < 1):
            yield (
                f'{key}.batch_size: expected a whole number of 1 or more, '
                f'found {size!r}'
            )
    workers = loader.get('num_workers', 0)
    if not isinstance(workers, bool) and (
        not _is_whole(workers) or workers < 0
    ):
        yield (
            f'{key}.num_workers: expected a whole number of 0 or more, found '
            f'{workers!r}'
        )


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
