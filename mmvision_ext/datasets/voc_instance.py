"""PASCAL VOC and SBD with instance masks."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmvision_ext.registry import DATASETS

from .checked_dataset import CheckedDetDataset
from .errors import DatasetError
from .metadata import load_metadata
from .voc_reader import read_devkit
from .voc_sample import VOC_FOLDERS, DevkitSource, Sample


@DATASETS.register_module()
class VOCInstanceDataset(CheckedDetDataset):
    """VOC2007, VOC2012, anything in their layout, or SBD, with masks.

    Boxes come from the XML files; each gets the mask of ``SegmentationObject``
    whose tight box overlaps it most, of the same class where
    ``SegmentationClass`` says so. Void (255) belongs to no mask. Objects
    marked difficult, and objects that no mask fits, have ``ignore_flag=1``.
    An image without a mask file is left out. All of it is counted in
    :attr:`report` and logged.

    SBD: ``data_root`` its ``dataset`` folder, ``ann_file='train.txt'``,
    ``data_prefix=dict(img='img', ann='', mask='inst')``. Without XML the
    boxes are the tight boxes of the masks.

    Each sample is a dict of ``img_path``, ``img_id`` (str), ``height``,
    ``width`` and ``instances``, a list of dicts of ``bbox`` (``[x1, y1, x2,
    y2]``, pixel edges from 0: VOC's ``[xmin - 1, ymin - 1, xmax, ymax]``),
    ``bbox_label``, ``ignore_flag`` and, with masks, ``mask`` (COCO RLE dict,
    (H, W); the filled box where an ignored object has no mask of its own).

    Args:
        with_mask: Whether to read masks. Detection alone needs none.
        min_match_iou: Least overlap of an annotated box with a mask's tight
            box, in (0, 1].
        mask_classes: Names of the class ids 1, 2, ... in the mask files.
            Default: the VOC classes when all classes are VOC's, else
            ``metainfo['classes']``.
        data_root: The year folder, of any name.
        ann_file: Image list, relative to ``data_root``. In a class list
            (``ImageSets/Main/cat_train.txt``) ids marked -1 are left out.
        data_prefix: Folders ``img``, ``ann``, ``mask`` and ``seg_class``
            relative to ``data_root``; those not given keep VOC's names.
        kwargs: As for ``mmdet.BaseDetDataset``: ``metainfo``, ``filter_cfg``
            (``filter_empty_gt``, ``min_size``), ``pipeline``, ``test_mode``,
            ...
    """

    METAINFO = load_metadata('voc')

    def __init__(
        self,
        *,
        with_mask: bool = True,
        min_match_iou: float = 0.5,
        mask_classes: Sequence[str] | None = None,
        data_root: str = '',
        ann_file: str = '',
        data_prefix: dict[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        if not 0 < min_match_iou <= 1:
            raise DatasetError(
                'min_match_iou: expected a value in (0, 1], '
                f'found {min_match_iou}'
            )
        if isinstance(mask_classes, str):
            raise DatasetError(
                f"mask_classes: expected names, found the string '"
                f"{mask_classes}': add a comma, ('{mask_classes}', )"
            )
        prefix = dict(data_prefix or {})
        unknown = sorted(set(prefix) - set(VOC_FOLDERS))
        if unknown:
            raise DatasetError(
                f'data_prefix: unknown key {", ".join(unknown)}; expected '
                f'{", ".join(VOC_FOLDERS)}. data_root itself is the year '
                'folder'
            )
        if not ann_file:
            raise DatasetError(
                'ann_file: expected an image list relative to data_root, for '
                "example 'ImageSets/Segmentation/train.txt', found nothing"
            )
        self.min_match_iou = min_match_iou
        self.mask_classes = (
            None if mask_classes is None else tuple(mask_classes)
        )
        super().__init__(
            with_mask=with_mask,
            data_root=str(data_root),
            ann_file=str(ann_file),
            data_prefix=VOC_FOLDERS | prefix,
            **kwargs,
        )

    def _join_prefix(self) -> None:
        """Join paths; an empty ``ann`` means that there is no XML."""
        self._has_xml = self.data_prefix['ann'] != ''
        super()._join_prefix()

    @property
    def source(self) -> DevkitSource:
        """What this dataset reads."""
        folders = {key: Path(path) for key, path in self.data_prefix.items()}
        return DevkitSource(
            list_file=Path(self.ann_file),
            img_dir=folders['img'],
            ann_dir=folders['ann'] if self._has_xml else None,
            mask_dir=folders['mask'],
            seg_class_dir=folders['seg_class'],
            classes=self._metainfo['classes'],
            known_classes=self.METAINFO['classes'],
            with_mask=self.with_mask,
            min_match_iou=self.min_match_iou,
            mask_classes=self.mask_classes,
        )

    def load_data_list(self) -> list[dict[str, Any]]:
        """Read images, boxes and masks.

        Returns:
            One dict per image, see the class.

        Raises:
            DatasetError: If a file or folder does not exist.
            AnnotationError: If a file is malformed.
        """
        self.check_data_root()
        samples, self.report = read_devkit(self.source)
        return [self._to_data_info(sample) for sample in samples]

    def _to_data_info(self, sample: Sample) -> dict[str, Any]:
        """A sample as mmdet's transforms expect it."""
        instances = []
        for item in sample.instances:
            instance: dict[str, Any] = dict(
                bbox=list(item.bbox),
                bbox_label=item.label,
                ignore_flag=int(item.ignored),
            )
            if item.rle is not None:
                instance['mask'] = item.rle
            instances.append(instance)
        return dict(
            img_path=str(sample.img_path),
            img_id=sample.img_id,
            height=sample.height,
            width=sample.width,
            instances=instances,
        )
