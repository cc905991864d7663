"""How a dataset reads its images."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from mmcv.transforms import BaseTransform, LoadImageFromFile
from mmengine.dataset import Compose

from .faults import ImageFault, file_fault, is_cut_off


def iter_leaves(dataset: Any, key: str) -> Iterator[tuple[str, Any]]:
    """Walk through the wrappers of a dataset.

    Args:
        dataset: A dataset, or a wrapper around one or several.
        key: Its place in the config.

    Yields:
        Key path and dataset, of each dataset that reads files itself.
    """
    inner = getattr(dataset, 'dataset', None)
    if hasattr(dataset, 'datasets'):
        for index, member in enumerate(dataset.datasets):
            yield from iter_leaves(member, f'{key}.datasets.{index}')
    elif hasattr(inner, '__getitem__'):
        yield from iter_leaves(inner, f'{key}.dataset')
    else:
        yield key, dataset


def find_loader(pipeline: Any) -> LoadImageFromFile | None:
    """The transform that reads the image files of a pipeline.

    Args:
        pipeline: A pipeline, a transform, or a list of them.

    Returns:
        The first one, also where another transform holds it; None where no
        image file is read.
    """
    if isinstance(pipeline, LoadImageFromFile):
        return pipeline
    if isinstance(pipeline, list | tuple):
        parts = list(pipeline)
    elif isinstance(pipeline, BaseTransform | Compose):
        parts = [*vars(pipeline).values()]
    else:
        return None
    for part in parts:
        loader = find_loader(part)
        if loader is not None:
            return loader
    return None


def image_path(info: Mapping[str, Any]) -> str | None:
    """Where the image of a sample is.

    Args:
        info: The sample, as ``get_data_info`` gives it.

    Returns:
        Its path; None for a sample without one file of its own.
    """
    path = info.get('img_path')
    return path if isinstance(path, str) and path else None


def read_image(
    info: Mapping[str, Any], loader: LoadImageFromFile
) -> tuple[np.ndarray | None, ImageFault | None, str]:
    """Read an image as a training does, and say why where that fails.

    Args:
        info: The sample, with ``img_path``.
        loader: The transform that reads it.

    Returns:
        The image, (H, W, 3) or what the loader makes of it; the fault where
        there is none; and what the loader said.
    """
    path = info['img_path']
    if is_local(path, loader) and is_cut_off(path):
        return None, ImageFault.CUT_OFF, ''
    text = ''
    try:
        results = loader.transform(dict(info))
    except MemoryError:
        raise
    except Exception as error:  # each decoder has errors of its own
        results, text = None, f'{type(error).__name__}: {error}'
    if results is not None:
        return results['img'], None, ''
    return None, file_fault(path, loader.backend_args), text


def is_local(path: str, loader: LoadImageFromFile) -> bool:
    """Whether a loader reads a path from the local disk.

    Args:
        path: The path.
        loader: The transform that reads it.

    Returns:
        Whether it does.
    """
    backend = (loader.backend_args or {}).get('backend', 'local')
    return backend == 'local' and '://' not in path
