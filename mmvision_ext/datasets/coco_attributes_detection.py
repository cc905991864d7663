"""COCO Attributes for detectors: boxes, classes and 204 attributes."""

import os.path as osp
from collections.abc import Mapping, Sequence
from typing import Any

from mmdet.datasets import CocoDataset

from mmvision_ext.registry import DATASETS

from .attribute_detection import AttributeDetDataset
from .coco_attribute_files import read_object_attributes
from .coco_attributes import INSTANCES, COCOAttributes
from .coco_checks import box_fault
from .coco_objects import CocoImage, CocoObject, read_coco_objects
from .errors import DatasetError
from .report import Reason


@DATASETS.register_module()
class COCOAttributesDetection(AttributeDetDataset):
    """Images of COCO with boxes, classes and attributes.

    The images are those of the split of which an object has attributes. All
    of COCO's objects in them are there, so that none trains as background;
    of those without attributes every entry is unknown. Groups of objects
    (``iscrowd``) have ``ignore_flag=1``. Samples are those of
    :class:`AttributeDetDataset`, with COCO's ids.

    Args:
        data_root: Folder of COCO.
        ann_file: As for :class:`COCOAttributes`.
        instances: As for :class:`COCOAttributes`.
        threshold: As for :class:`COCOAttributes`.
        min_match_rate: As for :class:`COCOAttributes`.
        kwargs: As for :class:`AttributeDetDataset`.

    Raises:
        DatasetError: If an argument or the data cannot be used, or an image
            has objects of the training and of the test split.
    """

    METAINFO = CocoDataset.METAINFO
    READER = COCOAttributes

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
        self._matching: dict[str, Any] = dict(
            instances=instances,
            threshold=threshold,
            min_match_rate=min_match_rate,
        )
        super().__init__(data_root, ann_file, **kwargs)

    def _reader(self, metainfo: Mapping[str, Any] | None) -> COCOAttributes:
        """The dataset that reads the attributes of the split."""
        return COCOAttributes(
            **self._reading,
            **self._matching,
            metainfo=metainfo,
            serialize_data=False,
        )

    def _objects(
        self, annotated: Sequence[dict[str, Any]]
    ) -> list[dict[str, Any]]:
        """All objects of the images, with their attributes if known."""
        labelled = {info['ann_id']: info for info in annotated}
        wanted = {info['img_path'] for info in annotated}
        table = read_object_attributes(self.ann_file)
        other = set(table.ann_ids.tolist()) - set(labelled)
        found = []
        for files in self._matching['instances']:
            content = read_coco_objects(
                osp.join(self.data_root, files['ann_file'])
            )
            for image in content.images:
                path = osp.join(self.data_root, files['img'], image.file_name)
                if path not in wanted:
                    continue
                for item in image.objects:
                    if item.ann_id in other:
                        raise DatasetError(
                            f'{self.ann_file}: expected the objects of an '
                            f'image in one split, found image {image.img_id} '
                            f'with annotation {item.ann_id} of another split '
                            'than the rest: mend the split in the file'
                        )
                    info = self._object(item, image, path)
                    if info is not None:
                        labels = labelled.get(item.ann_id, {})
                        found.append({**labels, **info})
        return found

    def _object(
        self, item: CocoObject, image: CocoImage, path: str
    ) -> dict[str, Any] | None:
        """One object as the base class wants it; None without a box."""
        size = image.width, image.height
        box = None if item.bbox is None else list(item.bbox)
        reason = box_fault(dict(bbox=box, area=item.area), size)
        if box is None or reason is not None:
            self.report.objects_read += 1
            self.report.found[item.category] += 1
            place = f'annotation {item.ann_id}'
            self.report.add(reason or Reason.BAD_BOX, place)
            return None
        x, y, width, height = box
        right, bottom = min(x + width, size[0]), min(y + height, size[1])
        return dict(
            img_path=path,
            img_id=image.img_id,
            height=image.height,
            width=image.width,
            bbox=(max(x, 0.0), max(y, 0.0), right, bottom),
            ann_id=item.ann_id,
            category=item.category,
            crowd=item.crowd,
        )
