"""Time object crops with a shared decode against one decode a crop."""

import os.path as osp
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from mmvision_ext.utils import tables
from mmvision_ext.utils.provenance import (
    code_commit,
    command_line,
    processor_name,
)

from .coco_objects import read_coco_objects
from .errors import DatasetError
from .image_group_sampler import ImageGroupSampler
from .object_crop import fit_box
from .transforms.object_crop import LoadObjectCrop

ORDERS = ('by image', 'ImageGroupSampler')


@dataclass(frozen=True)
class CropSpeed:
    """Crops of the same objects in two ways, by one process.

    Attributes:
        order: Order of the objects: ``'by image'`` or the sampler's.
        images: Number of images.
        objects: Number of objects.
        size: Side of a crop in pixels.
        single: Crops a second with one decode a crop.
        shared: Crops a second with a decode that objects share.
    """

    order: str
    images: int
    objects: int
    size: int
    single: float
    shared: float

    @property
    def ratio(self) -> float:
        """How many times as fast the shared decode is."""
        return self.shared / self.single


class Samples:
    """Boxes of the images of a COCO file, as a dataset has them.

    Args:
        ann_file: Instance file.
        img_dir: Folder of its images.
        min_objects: Number of objects from which an image is taken.

    Raises:
        DatasetError: If no image has so many.
    """

    def __init__(self, ann_file: str, img_dir: str, min_objects: int) -> None:
        self._samples = []
        for image in read_coco_objects(ann_file).images:
            boxes = [item.bbox for item in image.objects if item.bbox]
            if len(boxes) < min_objects:
                continue
            path = osp.join(img_dir, image.file_name)
            for x, y, width, height in boxes:
                box = x, y, x + width, y + height
                fitted = fit_box(box, image.width, image.height, path)
                self._samples.append(dict(img_path=path, bbox=fitted))
        if not self._samples:
            raise DatasetError(
                f'--min-objects: expected images with {min_objects} objects '
                f'in {ann_file}, found none'
            )

    def __len__(self) -> int:
        return len(self._samples)

    def get_data_info(self, index: int) -> dict[str, Any]:
        """One sample.

        Args:
            index: Its index.

        Returns:
            A dict of ``img_path`` and ``bbox``.
        """
        return dict(self._samples[index])


def measure_crops(
    samples: Samples, order: str, repeats: int = 3, size: int = 224
) -> CropSpeed:
    """Time both ways in turn.

    Args:
        samples: What is cropped.
        order: One of :data:`ORDERS`.
        repeats: How often; the shortest time counts, since other work on the
            machine can only lengthen it.
        size: Side of a crop in pixels.

    Returns:
        Both speeds.
    """
    indices: Sequence[int] = range(len(samples))
    if order == ORDERS[1]:
        indices = list(ImageGroupSampler(samples, batch_size=8, seed=0))
    infos = [samples.get_data_info(index) for index in indices]
    shortest = {0: float('inf'), 32: float('inf')}
    for _ in range(repeats):
        for kept_images in shortest:
            transform = LoadObjectCrop(size, kept_images=kept_images)
            start = time.perf_counter()
            for info in infos:
                transform.transform(dict(info))
            seconds = time.perf_counter() - start
            shortest[kept_images] = min(shortest[kept_images], seconds)
    return CropSpeed(
        order=order,
        images=len({info['img_path'] for info in infos}),
        objects=len(infos),
        size=size,
        single=len(infos) / shortest[0],
        shared=len(infos) / shortest[32],
    )


def append_rows(path: Path, speeds: Sequence[CropSpeed]) -> None:
    """Add measurements, and where they come from, to a table.

    Args:
        path: The table, CSV; a new one gets a header.
        speeds: The rows.
    """
    origin = dict(
        commit=code_commit(),
        hardware=processor_name(),
        threads=torch.get_num_threads(),
        command=command_line(),
    )
    tables.append_csv(
        path,
        [
            {
                name: round(value, 2) if isinstance(value, float) else value
                for name, value in (
                    asdict(speed) | {'ratio': speed.ratio} | origin
                ).items()
            }
            for speed in speeds
        ],
    )


def markdown_table(speeds: Sequence[CropSpeed]) -> str:
    """Write measurements as a Markdown table.

    Args:
        speeds: The rows.

    Returns:
        The table.
    """
    header = (
        'order',
        'images',
        'objects',
        'one decode a crop (crops/s)',
        'shared decode (crops/s)',
        'ratio',
    )
    rows = [
        (
            speed.order,
            f'{speed.images}',
            f'{speed.objects}',
            f'{speed.single:.0f}',
            f'{speed.shared:.0f}',
            f'{speed.ratio:.1f}',
        )
        for speed in speeds
    ]
    return tables.markdown_table(header, rows)
