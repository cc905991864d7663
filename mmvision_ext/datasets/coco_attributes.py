"""COCO Attributes: 204 attributes of COCO's objects."""

import os.path as osp
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from mmengine.logging import print_log

from mmvision_ext.registry import DATASETS

from .attribute_dataset import shown
from .coco_attribute_files import (
    UNOBSERVED,
    account,
    converted_names,
    read_object_attributes,
)
from .coco_objects import CocoImage, CocoObject, read_coco_objects
from .errors import AnnotationError, DatasetError
from .object_attributes import ObjectAttributeDataset
from .object_crop import fit_box

INSTANCES = (
    dict(ann_file='annotations/instances_train2017.json', img='train2017'),
    dict(ann_file='annotations/instances_val2017.json', img='val2017'),
)


@DATASETS.register_module()
class COCOAttributes(ObjectAttributeDataset):
    """Objects of COCO with the attributes that annotators saw.

    The annotation file names annotations of COCO 2014. They are found by
    their ids in COCO 2014 or 2017, in whatever split the image is; the split
    of a sample is that of the annotation file. The log has the share that was
    found.

    Each sample is a dict of ``img_path``, ``img_id``, ``height`` and ``width``
    (of the image in pixels), ``bbox`` (x1, y1, x2, y2 in pixels), ``ann_id``,
    ``category``, ``gt_score``, float32 (A,), and ``gt_mask``, bool (A,), see
    :class:`AttributeDataset`. The metainfo has ``classes`` (the A attributes
    in the order of the file) and ``protocol``.

    Args:
        data_root: Folder of COCO.
        ann_file: Annotation file of any layout, relative to ``data_root``;
            ``tools/dataset_converters/coco_attributes.py`` makes one that is
            read fast.
        instances: Instance files, each with the folder of its images
            (``ann_file`` and ``img``, relative to ``data_root``).
        threshold: Score from which an object has an attribute.
        min_match_rate: Share of the annotation ids that must be found. The
            complete COCO has all; lower it for a part of COCO.
        kwargs: As for :class:`ObjectAttributeDataset`.

    Raises:
        DatasetError: If an argument or the data cannot be used.
    """

    def __init__(
        self,
        data_root: str,
        ann_file: str,
        *,
        instances: Sequence[Mapping[str, str]] = INSTANCES,
        threshold: float = 0.5,
        min_match_rate: float = 1.0,
        **kwargs: Any,
    ) -> None:
        for key, value in (
            ('threshold', threshold),
            ('min_match_rate', min_match_rate),
        ):
            if not 0 < value <= 1:
                raise DatasetError(
                    f'{key}: expected a value above 0, up to 1, found {value}'
                )
        if not instances or not all(
            isinstance(item, Mapping) and {'ann_file', 'img'} <= set(item)
            for item in instances
        ):
            raise DatasetError(
                'instances: expected a list of dict(ann_file=..., img=...), '
                f'found {instances!r}'
            )
        self.instances = [dict(item) for item in instances]
        self.threshold = threshold
        self.min_match_rate = min_match_rate
        super().__init__(data_root, ann_file, **kwargs)

    @classmethod
    def config_metainfo(cls, config: Mapping[str, Any]) -> dict[str, Any]:
        """Metainfo that a config leads to; the config check asks for it.

        Args:
            config: Arguments of this class.

        Returns:
            ``classes`` where the annotation file is a converted one, and what
            the config's ``metainfo`` has.
        """
        root = osp.expanduser(str(config.get('data_root', '')))
        names = converted_names(
            osp.join(root, str(config.get('ann_file', '')))
        )
        known = {'classes': names} if names else {}
        return known | {**super().config_metainfo(config)}

    def load_data_list(self) -> list[dict[str, Any]]:
        """Match the annotated objects with COCO's.

        Returns:
            One dict per object of the split, see the class.

        Raises:
            DatasetError: If a file or an image is missing, or too few ids are
                found.
            AnnotationError: If a file is malformed, a score is out of range
                or a box lies outside its image.
        """
        table = read_object_attributes(self.ann_file)
        columns = self._columns(table.names, self.ann_file)
        objects = self._objects(set(table.ann_ids.tolist()))
        found = [ann_id in objects for ann_id in table.ann_ids.tolist()]
        self._check_matches(table.ann_ids, np.array(found))
        scores = table.scores[:, columns]
        wanted = table.training == (self.split != 'test')
        samples = []
        for row in np.flatnonzero(wanted & found):
            ann_id = int(table.ann_ids[row])
            image, item, path, source = objects[ann_id]
            place = f'{source}, annotation {ann_id}, bbox'
            samples.append(
                dict(
                    img_path=path,
                    img_id=image.img_id,
                    height=image.height,
                    width=image.width,
                    bbox=fit_box(
                        _corners(item, place), image.width, image.height, place
                    ),
                    ann_id=ann_id,
                    category=item.category,
                    gt_score=(scores[row] >= self.threshold).astype('f4'),
                    gt_mask=scores[row] != UNOBSERVED,
                )
            )
        chosen, protocol = self._part(samples)
        return self._finish(
            chosen,
            f'{protocol} of {osp.basename(self.ann_file)}, threshold '
            f'{self.threshold:g}',
            f'; the file has {account(table)}',
        )

    def _objects(
        self, ann_ids: set[int]
    ) -> dict[int, tuple[CocoImage, CocoObject, str, str]]:
        """Image, object, path and file of the ids that the files have."""
        objects = {}
        for files in self.instances:
            path = osp.join(self.data_root, files['ann_file'])
            for image in read_coco_objects(path).images:
                img_path = osp.join(
                    self.data_root, files['img'], image.file_name
                )
                for item in image.objects:
                    if item.ann_id in ann_ids:
                        objects[item.ann_id] = image, item, img_path, path
        return objects

    def _check_matches(self, ann_ids: Any, found: Any) -> None:
        """Enough of the ids must be in the instance files."""
        missing = [str(ann_id) for ann_id in ann_ids[~found]]
        rate = found.mean()
        text = (
            f'{int(found.sum())} of {len(found)} annotation ids ({rate:.2%}) '
            f'of {self.ann_file} found in '
            f'{", ".join(item["ann_file"] for item in self.instances)}'
        )
        if missing:
            text += f'; not found: {shown(missing)}'
        if rate < self.min_match_rate or not found.any():
            raise DatasetError(
                f'min_match_rate: expected at least {self.min_match_rate:.2%} '
                'of the annotation ids (ann_ids) in the instance files, '
                f'found {text}. List the instance files of all splits in '
                'instances, or lower '
                'min_match_rate where a part of COCO is meant.'
            )
        print_log(f'{type(self).__name__}: {text}', logger='current')


def _corners(item: CocoObject, place: str) -> tuple[float, ...]:
    """x1, y1, x2, y2 of an object."""
    if item.bbox is None:
        raise AnnotationError(
            f'{place}: expected a bbox, four numbers x, y, width, height, '
            'found none'
        )
    x, y, width, height = item.bbox
    return x, y, x + width, y + height
