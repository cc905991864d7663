"""A VOC devkit or SBD as COCO JSON, boxes and masks."""

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pycocotools import mask as mask_utils

from mmvision_ext.engine.checkpointing import write_text

from .errors import DatasetError
from .mask_polygons import mask_to_polygons
from .metadata import load_metadata
from .report import DatasetReport
from .voc_reader import read_devkit
from .voc_sample import (
    SBD_FOLDERS,
    VOC_FOLDERS,
    DevkitSource,
    Instance,
    Sample,
)

MaskFormat = Literal['rle', 'polygon', 'none']


@dataclass(frozen=True)
class Conversion:
    """One JSON file that was written.

    Attributes:
        path: The file.
        report: What was read, and what of it was lost.
    """

    path: Path
    report: DatasetReport

    def account(self) -> str:
        """What the file holds and what was lost, as text."""
        report = self.report
        boxes = report.objects_used + report.objects_ignored
        return (
            f'{self.path}: {report.images_used} images, {boxes} boxes '
            f'({report.objects_ignored} ignored: iscrowd=1), '
            f'{report.masks_used} masks\nfrom {report.text()}'
        )


def convert_devkit(
    root: str | Path,
    out_dir: str | Path,
    splits: Sequence[str] = ('train', 'val'),
    mask_format: MaskFormat = 'rle',
    image_set: str = 'Segmentation',
    classes: Sequence[str] | None = None,
    on_written: Callable[[Conversion], None] | None = None,
) -> list[Conversion]:
    """Write one COCO JSON a year and split.

    Images keep their names and places: ``file_name`` is relative to the image
    folder (``JPEGImages``, SBD's ``img``). Categories have ids from 1 in the
    order of ``classes``. Difficult objects and those that no mask fits are
    ``iscrowd=1``, which every reader of COCO files ignores in training, and
    also ``difficult=1`` or else ``no_mask=1``:
    :class:`~mmvision_ext.datasets.CocoInstanceDataset` thereby tells them
    from groups of objects, and scores them as the devkit's.

    Args:
        root: Year folder, devkit with year folders, or SBD's ``dataset``.
        out_dir: Folder for ``<year folder>_<split>.json``; made if needed.
        splits: Names of image lists.
        mask_format: 'rle' or 'polygon' (both exact), or 'none' for boxes.
        image_set: Folder in ``ImageSets``; SBD has its lists at the top.
        classes: Class names in label order. Default: those of VOC.
        on_written: Called after each file.

    Returns:
        The files in the order they were written.

    Raises:
        DatasetError: If there is no devkit, or a list is missing.
        AnnotationError: If a file of the devkit is malformed.
    """
    sources = {
        f'{year.name}_{split}': _source(
            year, split, image_set, classes, mask_format != 'none'
        )
        for year in find_years(Path(root))
        for split in splits
    }
    missing = [
        str(source.list_file)
        for source in sources.values()
        if not source.list_file.is_file()
    ]
    if missing:
        raise DatasetError(
            f'no image list {", ".join(missing)}; choose --splits and '
            '--image-set by the .txt files that are there'
        )
    conversions = []
    for name, source in sources.items():
        samples, report = read_devkit(source)
        path = Path(out_dir) / f'{name}.json'
        write_json(path, to_coco(samples, source.classes, mask_format))
        conversions.append(Conversion(path, report))
        if on_written is not None:
            on_written(conversions[-1])
    return conversions


def find_years(root: Path) -> list[Path]:
    """Find the folders that hold images and annotations.

    Args:
        root: Year folder, devkit with year folders, or SBD's ``dataset``.

    Returns:
        ``root`` itself or the year folders in it, by name.

    Raises:
        DatasetError: If there are none.
    """
    if not root.is_dir():
        raise DatasetError(f"VOCDEVKIT: no folder '{root}'")
    if _is_voc(root) or _is_sbd(root):
        return [Path(os.path.abspath(root))]  # "." has no name
    years = sorted(
        path for path in root.iterdir() if _is_voc(path) or _is_sbd(path)
    )
    if not years:
        found = ', '.join(sorted(path.name for path in root.iterdir())[:10])
        raise DatasetError(
            f'VOCDEVKIT: expected a folder with {VOC_FOLDERS["img"]} and '
            f'{VOC_FOLDERS["ann"]}, with {SBD_FOLDERS["img"]} and '
            f'{SBD_FOLDERS["mask"]} (SBD), or with such folders in it; '
            f"'{root}' has {found or 'nothing'}"
        )
    return years


def to_coco(
    samples: Sequence[Sample], classes: Sequence[str], mask_format: MaskFormat
) -> dict[str, Any]:
    """Build the content of a COCO file.

    Args:
        samples: What was read.
        classes: Class names in label order.
        mask_format: 'rle', 'polygon' or 'none'.

    Returns:
        ``images``, ``annotations`` and ``categories``.
    """
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for image_id, sample in enumerate(samples, start=1):
        images.append(
            dict(
                id=image_id,
                file_name=sample.img_id + sample.img_path.suffix,
                width=sample.width,
                height=sample.height,
            )
        )
        for item in sample.instances:
            annotations.append(
                dict(
                    id=len(annotations) + 1,
                    image_id=image_id,
                    **_to_annotation(item, mask_format),
                )
            )
    categories = [
        dict(id=index, name=name)
        for index, name in enumerate(classes, start=1)
    ]
    return dict(images=images, annotations=annotations, categories=categories)


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write a file whole or not at all.

    Args:
        path: The file; its folder is made if needed.
        content: What to write.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, json.dumps(content))


def _to_annotation(item: Instance, mask_format: MaskFormat) -> dict[str, Any]:
    """One entry of ``annotations``, but for its ids."""
    x1, y1, x2, y2 = item.bbox
    annotation: dict[str, Any] = dict(
        category_id=item.label + 1,
        bbox=[x1, y1, x2 - x1, y2 - y1],
        area=(x2 - x1) * (y2 - y1),
        iscrowd=int(item.ignored),
    )
    if item.difficult:
        annotation['difficult'] = 1
    elif item.ignored:
        annotation['no_mask'] = 1
    if item.rle is not None:
        annotation['area'] = int(mask_utils.area(item.rle))
        annotation['segmentation'] = (
            item.rle
            if mask_format == 'rle'
            else mask_to_polygons(mask_utils.decode(item.rle))
        )
    return annotation


def _is_voc(path: Path) -> bool:
    """Whether a folder has VOC's images and annotations."""
    return all((path / VOC_FOLDERS[key]).is_dir() for key in ('img', 'ann'))


def _is_sbd(path: Path) -> bool:
    """Whether a folder has SBD's images and masks."""
    return all((path / SBD_FOLDERS[key]).is_dir() for key in ('img', 'mask'))


def _source(
    year: Path,
    split: str,
    image_set: str,
    classes: Sequence[str] | None,
    with_mask: bool,
) -> DevkitSource:
    """What to read for one year and split."""
    known = load_metadata('voc')['classes']
    folders = VOC_FOLDERS if _is_voc(year) else VOC_FOLDERS | SBD_FOLDERS
    lists = year / 'ImageSets' / image_set if _is_voc(year) else year
    return DevkitSource(
        list_file=lists / f'{split}.txt',
        img_dir=year / folders['img'],
        ann_dir=year / folders['ann'] if folders['ann'] else None,
        mask_dir=year / folders['mask'],
        seg_class_dir=year / folders['seg_class'],
        classes=known if classes is None else tuple(classes),
        known_classes=known,
        with_mask=with_mask,
    )
