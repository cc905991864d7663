"""Read DIOR's horizontal annotations; images need not be opened."""

from pathlib import Path

from .errors import AnnotationError, DatasetError, raise_together
from .report import DatasetReport, Reason
from .voc_devkit import (
    IMAGE_SUFFIXES,
    ListEntry,
    VOCAnnotation,
    clip_to_image,
    parse_voc_xml,
    read_image_list,
    read_image_size,
)
from .voc_reader import with_progress
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
    errors: list[AnnotationError] = []
    for entry in with_progress(entries, f'Reading {source.list_file.name}'):
        if entry.flag == -1:
            report.add(Reason.CLASS_FLAG, entry.img_id)
            continue
        try:
            annotation = parse_voc_xml(ann_dir / f'{entry.img_id}.xml')
            path = images.get(
                entry.img_id, source.img_dir / f'{entry.img_id}.jpg'
            )
            size = annotation.size or _size_of(path, annotation, with_images)
            objects = _instances(source, annotation, entry, size, report)
        except AnnotationError as error:
            errors.append(error)
            continue
        samples.append(Sample(entry.img_id, path, *size, objects))
    raise_together(errors, 'annotations cannot be read')
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
        bbox = clip_to_image(
            item.bbox,
            size,
            f'{path}: object {index} ({item.name})',
            MAX_OVERHANG,
        )
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
