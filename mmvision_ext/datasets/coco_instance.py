"""COCO-format files, with an account of what was read."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from mmdet.datasets import CocoDataset
from mmdet.datasets.api_wrappers import COCO

from mmvision_ext.registry import DATASETS

from .checked_dataset import CheckedDetDataset
from .coco_checks import (
    box_fault,
    check_coco,
    fit_overhang,
    is_polygon,
    segmentation_fault,
)
from .errors import DatasetError, missing_files
from .json_files import read_json
from .report import DatasetReport, Reason


class CheckedCOCO(COCO):
    """mmdet's COCO index, built only over a file of sound structure.

    Args:
        annotation_file: JSON file.
    """

    def __init__(self, annotation_file: str) -> None:
        super().__init__()
        self.dataset = read_json(Path(annotation_file))
        check_coco(self.dataset, annotation_file)
        self.createIndex()
        self.img_ann_map, self.cat_img_map = self.imgToAnns, self.catToImgs

    def get_cat_ids(
        self,
        cat_names: Sequence[str] = (),
        sup_names: Sequence[str] = (),
        cat_ids: Sequence[int] = (),
    ) -> list[int]:
        """Category ids; with ``cat_names``, in the order of these names.

        mmdet labels objects by this order. pycocotools gives the order of
        the file, by which label i would not be ``metainfo['classes'][i]``.

        Args:
            cat_names: Names to look for; all categories when empty.
            sup_names: Supercategories to look for.
            cat_ids: Ids to look for.

        Returns:
            The ids.
        """
        found = super().get_cat_ids(
            list(cat_names), list(sup_names), list(cat_ids)
        )
        if not cat_names:
            return found
        order = {name: index for index, name in enumerate(cat_names)}
        return sorted(found, key=lambda cat: order[self.cats[cat]['name']])


@DATASETS.register_module()
class CocoInstanceDataset(CheckedDetDataset, CocoDataset):
    """A COCO-format file; counts what it cannot use, and says so.

    Samples are those of ``mmdet.CocoDataset``, with four differences:
    label i always is ``metainfo['classes'][i]``, whatever the order of the
    file's categories; an object without a usable segmentation is kept with
    ``ignore_flag=1`` and the filled box as its mask; ``filter_empty_gt``
    means that no usable object is left; and in test mode the
    ``ignored_instances`` of a data sample have ``crowds`` (N,), bool, which
    tells groups of objects (``iscrowd``) from single ignored objects: those
    without a mask, and those that ``tools/dataset_converters/pascal_voc.py``
    marked ``difficult`` or ``no_mask``.

    Args:
        with_mask: Whether to read masks. Without, ``segmentation`` may be
            missing.
        kwargs: As for ``mmdet.CocoDataset``: ``ann_file``, ``data_root``,
            ``data_prefix``, ``metainfo``, ``filter_cfg``
            (``filter_empty_gt``, ``min_size``), ...
    """

    COCOAPI = CheckedCOCO

    def load_data_list(self) -> list[dict[str, Any]]:
        """Read the file.

        Returns:
            One dict per image: ``img_path``, ``img_id``, ``height``,
            ``width``, ``instances``, a list of dicts of ``bbox`` (``[x1,
            y1, x2, y2]``, pixel edges), ``bbox_label``, ``ignore_flag`` and,
            with masks, ``mask`` (polygons or COCO RLE dict), and ``crowds``,
            of each instance with ``ignore_flag=1`` whether it is a group.

        Raises:
            DatasetError: If a file or folder does not exist, a class of
                metainfo is not in the file, or no object has a mask.
            AnnotationError: If the file is malformed.
        """
        self.check_data_root()
        self._check_files()
        self.report = DatasetReport(
            self.ann_file, tuple(self._metainfo['classes'])
        )
        self._in_file_order = True
        data_list = super().load_data_list()
        self._check_images(data_list)
        self._check_masks(data_list)
        return data_list

    def parse_data_info(self, raw_data_info: dict[str, Any]) -> dict[str, Any]:
        """Parse one image, counting what cannot be used.

        Args:
            raw_data_info: ``raw_img_info`` and ``raw_ann_info``, the image's
                entry and its annotations.

        Returns:
            The sample, see :meth:`load_data_list`.
        """
        if not self.report.images_read:
            self._check_classes()
        self.report.images_read += 1
        image = raw_data_info['raw_img_info']
        size = (int(image['width']), int(image['height']))
        usable = [
            self._mend_mask(annotation, size)
            for annotation in raw_data_info['raw_ann_info']
            if self._is_used(annotation, size)
        ]
        info = super().parse_data_info(
            dict(raw_img_info=image, raw_ann_info=usable)
        )
        info['crowds'] = [
            _why_ignored(annotation) is Reason.CROWD
            for annotation in usable
            if annotation.get('iscrowd', False)
        ]
        return info

    def prepare_data(self, idx: int) -> Any:
        """Send one image through the pipeline.

        Args:
            idx: Index of the image.

        Returns:
            What the pipeline gives; in test mode the ``ignored_instances``
            of a data sample also have ``crowds``, see the class.
        """
        if not self.test_mode:
            return super().prepare_data(idx)
        info = self.get_data_info(idx)
        crowds = torch.tensor(info['crowds'], dtype=torch.bool)
        packed = self.pipeline(info)
        samples = packed.get('data_samples', [])
        for sample in samples if isinstance(samples, list) else [samples]:
            if sample.get('ignored_instances'):  # else nothing was loaded
                sample.ignored_instances.crowds = crowds
        return packed

    def _is_used(
        self, annotation: dict[str, Any], size: tuple[int, int]
    ) -> bool:
        """Whether an annotation becomes an object; counts why not."""
        report = self.report
        report.objects_read += 1
        category = self.coco.cats.get(annotation['category_id'])
        place = f'annotation {annotation["id"]}'
        reason: Reason | None
        if category is None:
            reason = Reason.UNKNOWN_CATEGORY
        else:
            report.found[category['name']] += 1
            place = f'{place}: {category["name"]}'
            if annotation['category_id'] not in self.cat2label:
                reason = Reason.OTHER_CLASSES
            elif annotation.get('ignore', False):
                reason = Reason.MARKED_IGNORE
            else:
                reason = box_fault(annotation, size)
        if reason is not None:
            report.add(reason, place)
        return reason is None

    def _mend_mask(
        self, annotation: dict[str, Any], size: tuple[int, int]
    ) -> dict[str, Any]:
        """An annotation as mmdet needs it; counts what had to be mended."""
        annotation = dict(annotation)
        x, y, width, height = annotation['bbox']
        annotation.setdefault('area', width * height)
        fitted = fit_overhang((x, y, x + width, y + height), size)
        clipped = fitted != (x, y, x + width, y + height)
        if clipped:
            x, y, width, height = (
                *fitted[:2],
                fitted[2] - fitted[0],
                fitted[3] - fitted[1],
            )
            annotation['bbox'] = [x, y, width, height]
        if annotation.get('no_mask', False) and not self.with_mask:
            annotation['iscrowd'] = int(bool(annotation.get('difficult')))
        crowd = bool(annotation.get('iscrowd', False))
        name = self.coco.cats[annotation['category_id']]['name']
        place = f'annotation {annotation["id"]}: {name}'
        if clipped:
            self.report.add(Reason.CLIPPED, place)
        if crowd:
            self.report.add(_why_ignored(annotation), place)
        if not self.with_mask:
            annotation.pop('segmentation', None)
            return annotation
        reason = segmentation_fault(annotation, size)
        if reason is not None and not crowd:
            self.report.add(reason, place)
        if reason is Reason.PARTLY_BAD:
            annotation['segmentation'] = [
                part
                for part in annotation['segmentation']
                if is_polygon(part, size)
            ]
        elif reason is not None:
            right, bottom = x + width, y + height
            if not crowd:
                annotation.update(iscrowd=1, no_mask=1)
            annotation['segmentation'] = [
                [x, y, right, y, right, bottom, x, bottom]
            ]
        return annotation

    def _check_files(self) -> None:
        """The annotation file and the image folder must exist."""
        if not self.ann_file or not Path(self.ann_file).is_file():
            folder = Path(self.ann_file).parent
            near = sorted(path.name for path in folder.glob('*.json'))[:10]
            raise DatasetError(
                f"ann_file: no file '{self.ann_file}'; "
                + (
                    f'its folder has {", ".join(near)}'
                    if near
                    else 'its folder has no .json file either: check data_root'
                )
            )
        img_dir = self.data_prefix.get('img', '')
        if not Path(img_dir).is_dir():
            raise DatasetError(f"data_prefix['img']: no folder '{img_dir}'")

    def _check_classes(self) -> None:
        """Every class of metainfo must be a category of the file."""
        self._in_file_order = self.cat_ids == [
            category
            for category in self.coco.cats
            if category in self.cat2label
        ]
        in_file = [category['name'] for category in self.coco.cats.values()]
        missing = [name for name in self.report.classes if name not in in_file]
        if missing:
            raise DatasetError(
                f"metainfo['classes'] and categories of {self.ann_file} "
                'differ:\n'
                f'  in metainfo, not in the file: {", ".join(missing)}\n'
                f'  in the file: {", ".join(in_file)}\n'
                '  fix: set metainfo=dict(classes=(...)) to names of the '
                'file'
            )

    def _check_images(self, data_list: list[dict[str, Any]]) -> None:
        """Every image of the file must be there."""
        missing = missing_files(Path(info['img_path']) for info in data_list)
        if missing:
            raise DatasetError(
                f'{len(missing)} of {len(data_list)} images of '
                f"{self.ann_file} are not there, first '{missing[0]}': check "
                "data_root and data_prefix['img']"
            )

    def _check_masks(self, data_list: list[dict[str, Any]]) -> None:
        """Stop when every object is ignored for want of a mask."""
        faults = [Reason.NO_SEGMENTATION, Reason.BAD_SEGMENTATION]
        if not any(self.report.counts[reason] for reason in faults):
            return
        if all(
            item['ignore_flag']
            for info in data_list
            for item in info['instances']
        ):
            raise DatasetError(
                f'{self.ann_file}: no annotation has a usable segmentation; '
                'set with_mask=False to use the boxes alone'
            )

    def _hints(self) -> Iterator[str]:
        """Edits that mend what the account shows, and the file's order."""
        yield from super()._hints()
        if not self._in_file_order:
            yield (
                'the file has its categories in another order than '
                "metainfo['classes'], which mmdet's CocoMetric does not "
                'support: use mmvision_ext.CocoInstanceMetric'
            )


def _why_ignored(annotation: dict[str, Any]) -> Reason:
    """Why an annotation with ``iscrowd=1`` is ignored: a group, or not."""
    if annotation.get('difficult', False):
        return Reason.DIFFICULT
    return Reason.NO_MATCH if annotation.get('no_mask') else Reason.CROWD
