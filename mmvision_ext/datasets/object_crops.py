"""Single objects of any detection dataset, for classifiers."""

from collections.abc import Mapping
from typing import Any

from mmengine.logging import print_log
from mmpretrain.datasets import BaseDataset

from mmvision_ext.registry import DATASETS

from .errors import DatasetError


@DATASETS.register_module()
class ObjectCrops(BaseDataset):
    """Every annotated object as a sample of its class.

    The detection dataset reads and checks the annotations, and says what it
    did not use. Objects that it marks as ignored are left out. Objects of one
    image follow each other.

    Each sample has ``img_path``, ``img_id``, ``height`` and ``width`` of the
    image in pixels, ``bbox`` (``[x1, y1, x2, y2]``, pixel edges from 0),
    ``gt_label``, ``category``, its name, and ``ann_id``, its place among the
    objects of the image, from 1; :class:`LoadObjectCrop` cuts it out.

    Args:
        dataset: Config of a detection dataset, such as
            ``mmvision_ext.DIORDataset``, or with ``with_mask=False``
            ``mmvision_ext.CocoInstanceDataset``. Its classes are those of the
            samples.
        kwargs: As for ``mmpretrain.BaseDataset``: ``pipeline``,
            ``test_mode``, ``indices`` (of objects), ...

    Raises:
        DatasetError: If no object is left, or the data cannot be read.
    """

    def __init__(self, dataset: Mapping[str, Any], **kwargs: Any) -> None:
        self._images = DATASETS.build({**dataset, 'lazy_init': True})
        metainfo = dict(classes=self._images.metainfo['classes'])
        super().__init__(ann_file='', metainfo=metainfo, **kwargs)

    def load_data_list(self) -> list[dict[str, Any]]:
        """Take the objects out of the images.

        Returns:
            One dict per object, see the class.

        Raises:
            DatasetError: If there is none, or the data cannot be read.
            AnnotationError: If an annotation file is malformed.
        """
        self._images.full_init()
        names = self._images.metainfo['classes']
        samples = []
        for index in range(len(self._images)):
            info = self._images.get_data_info(index)
            shared = {
                key: info[key]
                for key in ('img_path', 'img_id', 'height', 'width')
            }
            for number, item in enumerate(info['instances'], start=1):
                if not item['ignore_flag']:
                    label = item['bbox_label']
                    samples.append(
                        dict(
                            shared,
                            ann_id=number,
                            bbox=item['bbox'],
                            gt_label=label,
                            category=names[label],
                        )
                    )
        if not samples:
            raise DatasetError(
                f'ObjectCrops: expected objects, found none in the '
                f'{len(self._images)} images of '
                f'{type(self._images).__name__}; its account is in the log'
            )
        protocol = f'{len(samples)} objects of {len(self._images)} images'
        self._metainfo['protocol'] = f'crops of {protocol}'
        print_log(f'ObjectCrops: {protocol}', logger='current')
        return samples
