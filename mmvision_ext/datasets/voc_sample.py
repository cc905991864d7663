"""One image of a VOC devkit or SBD: its objects, each with its mask."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .errors import AnnotationError
from .report import Reason
from .voc_devkit import (
    Box,
    ListEntry,
    VOCAnnotation,
    VOCObject,
    clip_to_image,
    find_image,
    parse_voc_xml,
    read_image_size,
)
from .voc_masks import (
    InstanceMasks,
    Rle,
    encode_box,
    encode_masks,
    match_masks,
    read_png_instances,
    read_sbd_instances,
)

VOC_FOLDERS = dict(
    img='JPEGImages',
    ann='Annotations',
    mask='SegmentationObject',
    seg_class='SegmentationClass',
)
SBD_FOLDERS = dict(img='img', ann='', mask='inst')


@dataclass(frozen=True)
class DevkitSource:
    """What to read, and how.

    Attributes:
        list_file: Image list.
        img_dir: Folder of the images.
        ann_dir: Folder of the XML files. None: the masks are the annotation,
            as in SBD.
        mask_dir: Folder of instance masks, PNG or .mat.
        seg_class_dir: Folder of the class masks that go with PNG instance
            masks; may be missing.
        classes: Class names to read, in label order.
        known_classes: Names that may be left out of ``classes`` on purpose.
        with_mask: Whether objects need masks.
        min_match_iou: Least overlap of a mask's tight box with the annotated
            box, in (0, 1].
        mask_classes: Names of the class ids 1, 2, ... in mask files. None:
            ``known_classes`` when ``classes`` is a part of them, else
            ``classes``.
    """

    list_file: Path
    img_dir: Path
    ann_dir: Path | None
    mask_dir: Path
    seg_class_dir: Path
    classes: tuple[str, ...]
    known_classes: tuple[str, ...]
    with_mask: bool = True
    min_match_iou: float = 0.5
    mask_classes: tuple[str, ...] | None = None

    @property
    def class_id_names(self) -> tuple[str, ...]:
        """Names of the class ids 1, 2, ... in mask files."""
        if self.mask_classes is not None:
            return self.mask_classes
        if set(self.classes) <= set(self.known_classes):
            return self.known_classes
        return self.classes


@dataclass(frozen=True)
class Instance:
    """One object of a sample.

    Attributes:
        label: Index of its class.
        bbox: ``(x1, y1, x2, y2)``, pixel edges from 0.
        difficult: Whether the annotation says so.
        ignored: Whether it is difficult, or no mask fits it: neither an
            object to learn nor one to find. In training it is not background
            either for assigners with ``ignore_iof_thr`` above 0: in both
            heads of the Mask R-CNN configs for VOC, anchors and proposals
            of which more than half lies in it are not sampled. Sparse
            R-CNN's Hungarian matching has no such choice: there all
            that is not matched to another object trains as background.
        rle: Its mask, None when read without masks. Of an object that no
            mask fits (ignored), the filled box: the area where nothing is
            known.
    """

    label: int
    bbox: Box
    difficult: bool
    ignored: bool
    rle: Rle | None


@dataclass(frozen=True)
class Sample:
    """One image with its objects.

    Attributes:
        img_id: The id on the image list.
        img_path: Image file.
        width: In pixels.
        height: In pixels.
        instances: The objects, in the order of the annotation.
    """

    img_id: str
    img_path: Path
    width: int
    height: int
    instances: tuple[Instance, ...]


class SampleReader:
    """Reads one image and notes what cannot be used of it.

    Args:
        source: Where and how to read.
        entry: The image's line on the list.

    Attributes:
        class_names: Class of every object read.
        events: What was dropped, ignored, left out or noted, and where.
    """

    def __init__(self, source: DevkitSource, entry: ListEntry) -> None:
        self.source = source
        self.img_id = entry.img_id
        self.line = entry.line
        self.size = (0, 0)
        self.class_names: list[str] = []
        self.events: list[tuple[Reason, str]] = []

    def read(self) -> Sample | None:
        """Read the image's annotation and masks.

        Returns:
            The sample; None when a mask file is needed and missing.

        Raises:
            AnnotationError: If a file is missing or malformed.
        """
        img_path = self._find_image()
        self.size = read_image_size(img_path)
        annotation = self._read_xml()
        objects = [] if annotation is None else self._clip(annotation)
        matches: list[int | Reason] = [Reason.NO_MATCH] * len(objects)
        rles = None
        if self.source.with_mask or annotation is None:
            masks = self._read_masks()
            if masks is None:
                self.events.append((Reason.NO_MASK_FILE, self.img_id))
                return None
            if annotation is None:
                objects = self._objects_of(masks)
                matches = list(range(len(objects)))
            else:
                matches = self._match(objects, masks)
            if self.source.with_mask:
                rles = encode_masks(masks.masks)
        self.class_names = [item.name for item in objects]
        instances = self._to_instances(objects, matches, rles)
        return Sample(self.img_id, img_path, *self.size, instances)

    def _note(self, reason: Reason, name: str) -> None:
        """Count something that happened to an object."""
        self.events.append((reason, f'{self.img_id}: {name}'))

    def _place(self) -> str:
        """The image's line on the list, for messages."""
        return f"{self.source.list_file}, line {self.line}: id '{self.img_id}'"

    def _find_image(self) -> Path:
        """The image file, whatever its suffix."""
        path = find_image(self.source.img_dir, self.img_id)
        if path is None:
            raise AnnotationError(
                f'{self._place()} has no image '
                f'{self.source.img_dir / self.img_id}.jpg, .jpeg or .png '
                '(an id is a file name without suffix)'
            )
        return path

    def _read_xml(self) -> VOCAnnotation | None:
        """The XML annotation, None where the masks are the annotation."""
        if self.source.ann_dir is None:
            return None
        path = self.source.ann_dir / f'{self.img_id}.xml'
        if not path.is_file():
            raise AnnotationError(f'{self._place()} has no annotation {path}')
        annotation = parse_voc_xml(path)
        if annotation.size not in (None, self.size):
            self.events.append((Reason.SIZE_DIFFERS, self.img_id))
        return annotation

    def _clip(self, annotation: VOCAnnotation) -> list[VOCObject]:
        """The objects with their boxes inside the image."""
        objects = []
        for index, item in enumerate(annotation.objects, start=1):
            bbox = clip_to_image(
                item.bbox,
                self.size,
                f'{annotation.path}: object {index} ({item.name})',
            )
            if bbox != item.bbox:
                self._note(Reason.CLIPPED, item.name)
            objects.append(VOCObject(item.name, bbox, item.difficult))
        return objects

    def _read_masks(self) -> InstanceMasks | None:
        """The masks of the image, None where it has no mask file."""
        png = self.source.mask_dir / f'{self.img_id}.png'
        mat = self.source.mask_dir / f'{self.img_id}.mat'
        if mat.is_file():
            path, masks = mat, read_sbd_instances(mat)
        elif png.is_file():
            classes = self.source.seg_class_dir / f'{self.img_id}.png'
            path, masks = (
                png,
                read_png_instances(
                    png, classes if classes.is_file() else None
                ),
            )
        else:
            return None
        width, height = self.size
        if masks.masks.shape[1:] != (height, width):
            found = masks.masks.shape
            raise AnnotationError(
                f'{path}: expected the size of the image, {width}x{height}, '
                f'found {found[2]}x{found[1]}'
            )
        self._check_class_ids(path, masks)
        return masks

    def _check_class_ids(self, path: Path, masks: InstanceMasks) -> None:
        """Every class id of the masks must have a name."""
        names = self.source.class_id_names
        highest = max((index or 0 for index in masks.class_ids), default=0)
        if highest > len(names):
            raise AnnotationError(
                f'{path}: class id {highest}, but there are only '
                f'{len(names)} class names ({", ".join(names)}): check their '
                'spelling if they are meant to be VOC classes, else give '
                'mask_classes, the names of class id 1, 2, ... in order'
            )

    def _mask_names(self, masks: InstanceMasks) -> list[str | None]:
        """Class name of each mask, None where unknown."""
        names = self.source.class_id_names
        return [
            names[index - 1] if index else None for index in masks.class_ids
        ]

    def _objects_of(self, masks: InstanceMasks) -> list[VOCObject]:
        """Objects where the masks are the only annotation."""
        objects = []
        for name, box in zip(
            self._mask_names(masks), masks.boxes.tolist(), strict=True
        ):
            if name is None:
                raise AnnotationError(
                    f'{self.source.mask_dir / self.img_id}: the class of an '
                    "object is not known; data_prefix['seg_class'] must name "
                    "the folder of the class masks, or data_prefix['ann'] "
                    'that of the XML files'
                )
            objects.append(VOCObject(name, tuple(box), False))
        return objects

    def _match(
        self, objects: list[VOCObject], masks: InstanceMasks
    ) -> list[int | Reason]:
        """For each object the index of its mask, or why it has none."""
        boxes = np.array([item.bbox for item in objects]).reshape(-1, 4)
        mask_names = self._mask_names(masks)
        min_iou = self.source.min_match_iou
        matches = match_masks(
            boxes,
            [item.name for item in objects],
            masks.boxes,
            mask_names,
            min_iou,
        )
        alone = np.flatnonzero(matches < 0)
        spare = np.setdiff1d(np.arange(len(masks.boxes)), matches)
        # Of the rest, tell a mask of another class from no mask at all.
        fits = match_masks(
            boxes[alone],
            [None] * len(alone),
            masks.boxes[spare],
            [None] * len(spare),
            min_iou,
        )
        for index in np.delete(spare, fits[fits >= 0]):
            self._note(Reason.ORPHAN_MASK, mask_names[index] or 'object')
        result: list[int | Reason] = matches.tolist()
        for index, fit in zip(alone, fits, strict=True):
            result[index] = Reason.NO_MATCH if fit < 0 else Reason.OTHER_CLASS
        return result

    def _to_instances(
        self,
        objects: list[VOCObject],
        matches: list[int | Reason],
        rles: list[Rle] | None,
    ) -> tuple[Instance, ...]:
        """The objects of the classes that are read."""
        source = self.source
        instances = []
        for item, match in zip(objects, matches, strict=True):
            if item.name not in source.classes:
                self._note(
                    Reason.OTHER_CLASSES
                    if item.name in source.known_classes
                    else Reason.UNKNOWN_CLASS,
                    item.name,
                )
                continue
            ignored, rle = item.difficult, None
            if item.difficult:
                self._note(Reason.DIFFICULT, item.name)
            if rles is not None:
                if isinstance(match, int):
                    rle = rles[match]
                else:
                    if not ignored:
                        self._note(match, item.name)
                    ignored, rle = True, encode_box(item.bbox, self.size)
            instances.append(
                Instance(
                    label=source.classes.index(item.name),
                    bbox=item.bbox,
                    difficult=item.difficult,
                    ignored=ignored,
                    rle=rle,
                )
            )
        return tuple(instances)
