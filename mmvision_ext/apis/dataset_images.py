"""Images by path, or by the name that a config's dataset gives them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from mmengine.config import Config
from mmengine.dataset import BaseDataset
from mmengine.registry import DATASETS, DefaultScope

from mmvision_ext.utils import InputError
from mmvision_ext.utils.config.dataset_configs import loads_from_files

from .model import config_faults
from .sources import ImageSource, list_sources


def list_images(texts: Sequence[str], config: Config) -> list[ImageSource]:
    """List the images that a user means.

    Args:
        texts: Files, folders, patterns with ``*``, or, where the test dataset
            of the config keeps its images in memory, names that it gives
            them, such as ``apple.webp#12``.
        config: A classification config.

    Returns:
        The images, at least one.

    Raises:
        InputError: There is no such image, or a file holds several of the
            dataset's images.
    """
    if loads_from_files(config):
        return list_sources(texts)
    dataset = _test_dataset(config)
    positions = {name: i for i, name in enumerate(_names(dataset))}
    sources: list[ImageSource] = []
    for text in texts:
        if text in positions:
            info = dataset.get_data_info(positions[text])
            pixels = np.ascontiguousarray(info['img'][..., ::-1])  # BGR
            sources.append(ImageSource(text, array=pixels))
            continue
        try:
            found = list_sources(text)
        except InputError as error:
            example = next(iter(positions), None)
            known = f' or a name such as {example}' if example else ''
            raise InputError(
                f'{error} Name a file, a folder, a pattern{known}.'
            ) from error
        for source in found:
            _check_single(source, positions)
        sources += found
    return sources


def _test_dataset(config: Config) -> BaseDataset:
    """The dataset of the config's test."""
    settings = config.test_dataloader.dataset.to_dict()
    with (
        DefaultScope.overwrite_default_scope(
            config.get('default_scope', 'mmpretrain')
        ),
        config_faults(config, 'test_dataloader'),
    ):
        return DATASETS.build(settings)


def _names(dataset: BaseDataset) -> list[str]:
    """Name of each image, as far as the dataset has names."""
    return [
        name
        for index in range(len(dataset))
        if (name := dataset.get_data_info(index).get('img_name'))
    ]


def _check_single(source: ImageSource, names: dict[str, int]) -> None:
    """Refuse a file in which a dataset has many images below each other."""
    name = f'{Path(source.name).name}#0'
    if name in names:
        raise InputError(
            f'image {source.name}: expected one image, found a file with '
            f'several of the dataset. Name one of them: {name}.'
        )
