"""Read DIOR's horizontal annotations; images need not be opened."""

from pathlib import Path

from mmengine.dist import is_main_process
from rich.progress import track

from .errors import AnnotationError, DatasetError
from .report import DatasetReport, Reason
from .voc_devkit import (
    IMAGE_SUFFIXES,
    Box,
    ListEntry,
    VOCAnnotation,
    clip_to_image,
    parse_voc_xml,
    read_image_list,
    read_image_size,
)
from .voc_reader import ERRORS_SHOWN, SHOW_PROGRESS_FROM
from .voc_sample import DevkitSource, Instance, Sample

# In the published files one box of 192,518 (05195.xml) sticks out by 2 px,
# one by 1 px.
MAX_OVERHANG = 2.0  # pixels


def read_dior(
    source: DevkitSource, with_images: bool
) -> tuple[list[Sample], DatasetReport]:
    """Read all annotations of a list.

    The size of an image is taken from its XML, and from the image where the
    XML lacks it.

    Args:
        source: What to read: its list, folders and classes; masks are not
            used.
        with_images: Whether every image has to be there.

    Returns:
        The samples in list order and the account.

    Raises:
        DatasetError: If a list, a folder or an image does not exist.
        AnnotationError: If files are malformed; names the first ten.
    """
    entries = read_image_list(source.list_file)
    ann_dir = _annotations(source)
    images = _images(source, entries) if with_images else {}
    report = DatasetReport(str(source.list_file), source.classes)
    report.images_read = len(entries)
    samples: list[Sample] = []
    errors: list[str] = []
    for entry in track(
        entries,
        description=f'Reading {source.list_file.name}',
        disable=len(entries) < SHOW_PROGRESS_FROM or not is_main_process(),
        transient=True,
    ):
        try:
            annotation = parse_voc_xml(ann_dir / f'{entry.img_id}.xml')
            path = images.get(
                entry.img_id, source.img_dir / f'{entry.img_id}.jpg'
            )
            size = annotation.size or _size_of(path, annotation, with_images)
            objects = _instances(source, annotation, entry, size, report)
        except AnnotationError as error:
            errors.append(str(error))
            continue
        samples.append(Sample(entry.img_id, path, *size, objects))
    _raise_all(errors)
    report.set_used(
        len(samples),
        (
            (item.ignored, False)
            for sample in samples
            for item in sample.instances
        ),
    )
    return samples, report


def _annotations(source: DevkitSource) -> Path:
    """The folder of the XML files."""
    if source.ann_dir is None or not source.ann_dir.is_dir():
        raise DatasetError(
            f"data_prefix['ann']: no folder '{source.ann_dir}' for the XML "
            'annotations; check data_root and data_prefix'
        )
    return source.ann_dir


def _images(source: DevkitSource, entries: list[ListEntry]) -> dict[str, Path]:
    """Image file of every id, from one look at the folder."""
    folder = source.img_dir
    hint = (
        "check data_root and data_prefix['img'], or set with_images=False to "
        'read the annotations alone'
    )
    if not folder.is_dir():
        raise DatasetError(
            f"data_prefix['img']: no folder '{folder}' for the images; {hint}"
        )
    found = {
        path.stem: path
        for path in folder.iterdir()
        if path.suffix in IMAGE_SUFFIXES
    }
    missing = [item.img_id for item in entries if item.img_id not in found]
    if missing:
        raise DatasetError(
            f'{len(missing)} of {len(entries)} images of {source.list_file} '
            f"are not there, first '{folder / missing[0]}.jpg': {hint}"
        )
    return found


def _size_of(
    path: Path, annotation: VOCAnnotation, with_images: bool
) -> tuple[int, int]:
    """Width and height of an image whose XML lacks them."""
    if not with_images:
        raise AnnotationError(
            f'{annotation.path}: expected <size> with width and height, found '
            'none; add it, or set with_images=True to read it from the image'
        )
    return read_image_size(path)


def _instances(
    source: DevkitSource,
    annotation: VOCAnnotation,
    entry: ListEntry,
    size: tuple[int, int],
    report: DatasetReport,
) -> tuple[Instance, ...]:
    """The objects of the classes that are read; counts the others."""
    instances = []
    path = str(annotation.path)
    for index, item in enumerate(annotation.objects, start=1):
        report.objects_read += 1
        report.found[item.name] += 1
        place = f'{entry.img_id}: {item.name}'
        bbox = _clip(item.bbox, size, f'{path}: object {index} ({item.name})')
        if bbox != item.bbox:
            report.add(Reason.CLIPPED, place)
        if item.name not in source.classes:
            known = item.name in source.known_classes
            report.add(
                Reason.OTHER_CLASSES if known else Reason.UNKNOWN_CLASS, place
            )
            continue
        if item.difficult:
            report.add(Reason.DIFFICULT, place)
        instances.append(
            Instance(
                label=source.classes.index(item.name),
                bbox=bbox,
                difficult=item.difficult,
                ignored=item.difficult,
                rle=None,
            )
        )
    return tuple(instances)


def _clip(bbox: Box, size: tuple[int, int], place: str) -> Box:
    """A box that sticks out by at most :data:`MAX_OVERHANG`, clipped."""
    width, height = size
    x1, y1, x2, y2 = bbox
    overhang = max(-x1, -y1, x2 - width, y2 - height)
    if overhang <= MAX_OVERHANG:
        bbox = max(x1, 0.0), max(y1, 0.0), min(x2, width), min(y2, height)
    return clip_to_image(bbox, size, place)


def _raise_all(errors: list[str]) -> None:
    """Raise what was wrong with the annotations as one error."""
    if not errors:
        return
    more = len(errors) - ERRORS_SHOWN
    raise AnnotationError(
        errors[0]
        if len(errors) == 1
        else '\n  - '.join(
            [f'{len(errors)} annotations cannot be read:']
            + errors[:ERRORS_SHOWN]
            + ([f'... and {more} more'] if more > 0 else [])
        )
    )
