"""aPascal: 64 attributes of PASCAL VOC's objects."""

import json
import os.path as osp
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmvision_ext.registry import DATASETS
from mmvision_ext.utils import brief
from mmvision_ext.utils.nearest import did_you_mean

from .errors import AnnotationError, DatasetError, require_file
from .image_splits import Part
from .object_attributes import ObjectAttributeDataset
from .object_crop import fit_box
from .text_lists import is_file_name, read_text
from .voc_devkit import read_image_size

_TABLE = json.loads(
    (Path(__file__).parent / 'metadata' / 'apascal_64.json').read_text('utf-8')
)
GROUPS = {group: tuple(found) for group, found in _TABLE['groups'].items()}
NAMES = tuple(name for found in GROUPS.values() for name in found)
FILES = dict(
    train='apascal/apascal_train.txt',
    val='apascal/apascal_train.txt',
    test='apascal/apascal_test.txt',
)
_FIELDS = 6  # image, class and box, in front of the attributes


@DATASETS.register_module()
class APascalAttributes(ObjectAttributeDataset):
    """Objects of PASCAL VOC with the attributes that annotators saw.

    Each sample is a dict of ``img_path``, ``height`` and ``width`` (of the
    image in pixels), ``bbox`` (x1, y1, x2, y2 in pixels: the file's 1-based,
    inclusive corners became continuous edges), ``ann_id`` (line of the file,
    from 1), ``category`` and ``gt_score``, float32 (A,). Every entry is known,
    so that there is no ``gt_mask``. The metainfo has ``classes`` (the A
    attributes), ``attribute_groups`` and ``protocol``.

    Args:
        data_root: Folder that holds ``apascal`` and ``VOCdevkit``.
        ann_file: Annotation file, relative to ``data_root``; empty takes
            ``apascal/apascal_train.txt`` or ``_test.txt`` by the split.
        split: As for :class:`ObjectAttributeDataset`.
        data_prefix: Folder of the images, relative to ``data_root``.
        kwargs: As for :class:`ObjectAttributeDataset`.

    Raises:
        DatasetError: If an argument or the data cannot be used.
    """

    METAINFO = {'classes': NAMES}

    def __init__(
        self,
        data_root: str,
        ann_file: str = '',
        *,
        split: Part = 'train',
        data_prefix: str = 'VOCdevkit/VOC2012/JPEGImages',
        **kwargs: Any,
    ) -> None:
        super().__init__(
            data_root,
            ann_file or FILES.get(split, ''),
            split=split,
            data_prefix=data_prefix,
            **kwargs,
        )

    @classmethod
    def config_faults(
        cls, train: Mapping[str, Any], other: Mapping[str, Any]
    ) -> list[str]:
        """Faults of a training and a test config that do not fit together.

        The config check asks for this.

        Args:
            train: Arguments of this class for training.
            other: The same for validation or testing.

        Returns:
            One sentence a fault, without the place in the config.
        """
        complete = []
        for config in (train, other):
            given = config.get('ann_file')
            file = given or FILES.get(config.get('split', 'train'), '')
            complete.append({**config, 'ann_file': file})
        return super().config_faults(*complete)

    def load_data_list(self) -> list[dict[str, Any]]:
        """Read the objects of the split.

        Returns:
            One dict per object, see the class.

        Raises:
            DatasetError: If a file or an image is missing.
            AnnotationError: If a line is malformed or a box lies outside its
                image.
        """
        path = Path(self.ann_file)
        require_file(path, 'ann_file', "aPascal's annotations")
        columns = self._columns(NAMES, str(path))
        chosen = self._metainfo['classes']
        self._metainfo['attribute_groups'] = {
            group: tuple(name for name in members if name in chosen)
            for group, members in GROUPS.items()
        }
        sizes: dict[str, tuple[int, int]] = {}
        samples = []
        for number, line in enumerate(read_text(path).splitlines(), start=1):
            if not line.strip():
                continue
            place = f'{path}, line {number}'
            name, category, corners, vector = _read_line(line, place)
            img_path = osp.join(self.img_prefix, name)
            if img_path not in sizes:
                sizes[img_path] = _image_size(img_path, place)
            width, height = sizes[img_path]
            x1, y1, x2, y2 = corners
            samples.append(
                dict(
                    img_path=img_path,
                    height=height,
                    width=width,
                    bbox=fit_box(
                        (x1 - 1, y1 - 1, x2, y2), width, height, place
                    ),
                    ann_id=number,
                    category=category,
                    gt_score=vector[columns],
                )
            )
        ordered, protocol = self._part(samples)
        without = sum(not info['gt_score'].any() for info in ordered)
        return self._finish(
            ordered,
            f'{protocol} of {path.name}',
            f'; objects without any attribute, kept: {without}',
        )


def _read_line(
    line: str, place: str
) -> tuple[str, str, list[float], NDArray[np.float32]]:
    """Image, class, corners and attributes of a line."""
    fields = line.split()
    expected = _FIELDS + len(NAMES)
    if len(fields) != expected:
        raise AnnotationError(
            f'{place}: expected {expected} fields, image, class, 4 corners '
            f'and {len(NAMES)} attributes, found {len(fields)}'
        )
    name, category = fields[:2]
    if not is_file_name(name):
        raise AnnotationError(
            f'{place}: expected the file of an image, found {brief(name)}'
        )
    if category not in _TABLE['classes']:
        raise AnnotationError(
            f'{place}: expected a class of aPascal, found {brief(category)}'
            + did_you_mean(category, _TABLE['classes'])
        )
    try:
        corners = [float(field) for field in fields[2:_FIELDS]]
    except ValueError:
        raise AnnotationError(
            f'{place}: expected the corners xmin ymin xmax ymax, found '
            f'{brief(" ".join(fields[2:_FIELDS]))}'
        ) from None
    values = fields[_FIELDS:]
    for attribute, value in zip(NAMES, values, strict=True):
        if value not in ('0', '1'):
            raise AnnotationError(
                f"{place}, attribute '{attribute}': expected 0 or 1, found "
                f'{brief(value)}'
            )
    return name, category, corners, np.array(values, np.float32)


def _image_size(path: str, place: str) -> tuple[int, int]:
    """Width and height of an image in pixels, as it looks when loaded."""
    try:
        return read_image_size(Path(path))
    except AnnotationError as error:
        raise DatasetError(
            f'{place}: expected its image, found none that can be read: '
            f"'{path}' ({error.__cause__}). Check data_prefix."
        ) from error
