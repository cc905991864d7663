"""Read a VOC devkit or SBD into samples, with an account of every loss.

The dataset class and the converter to COCO both read through here, so that
their counts are the same numbers. One thread reads: decoding a mask is quick
(about 2 ms an image on one core), and threads gain little on it.
"""

from collections.abc import Iterable, Sequence
from typing import TypeVar

from mmengine.dist import is_main_process
from rich.progress import track

from .errors import AnnotationError, DatasetError, raise_together
from .report import DatasetReport, Reason
from .voc_devkit import read_image_list
from .voc_sample import DevkitSource, Sample, SampleReader

Item = TypeVar('Item')

SHOW_PROGRESS_FROM = 500  # images


def read_devkit(source: DevkitSource) -> tuple[list[Sample], DatasetReport]:
    """Read all images of a list.

    Args:
        source: What to read.

    Returns:
        The samples in list order and the account.

    Raises:
        DatasetError: If a file or folder that is needed does not exist.
        AnnotationError: If files are malformed; names the first ten.
    """
    entries = read_image_list(source.list_file)
    _check_folders(source)
    report = DatasetReport(str(source.list_file), source.classes)
    report.images_read = len(entries)
    samples: list[Sample] = []
    errors: list[AnnotationError] = []
    for entry in with_progress(entries, f'Reading {source.list_file.name}'):
        if entry.flag == -1:
            report.add(Reason.CLASS_FLAG, entry.img_id)
            continue
        reader = SampleReader(source, entry)
        try:
            sample = reader.read()
        except AnnotationError as error:
            errors.append(error)
            continue
        for reason, place in reader.events:
            report.add(reason, place)
        report.found.update(reader.class_names)
        report.objects_read += len(reader.class_names)
        if sample is not None:
            samples.append(sample)
    raise_together(errors, 'images cannot be read')
    report.set_used(
        len(samples),
        (
            (item.ignored, item.rle is not None)
            for sample in samples
            for item in sample.instances
        ),
    )
    return samples, report


def _check_folders(source: DevkitSource) -> None:
    """The folders that are needed must exist."""
    needed = [('img', source.img_dir, 'the images')]
    if source.ann_dir is not None:
        needed.append(('ann', source.ann_dir, 'the XML annotations'))
    if source.with_mask or source.ann_dir is None:
        needed.append(('mask', source.mask_dir, 'the instance masks'))
    for key, folder, content in needed:
        if not folder.is_dir():
            hint = (
                '; set with_mask=False to use the boxes alone'
                if key == 'mask' and source.ann_dir is not None
                else ''
            )
            raise DatasetError(
                f"data_prefix['{key}']: no folder '{folder}' for {content}; "
                f'check data_root and data_prefix{hint}'
            )


def with_progress(items: Sequence[Item], description: str) -> Iterable[Item]:
    """Pass items on, with a progress bar where there are many.

    Args:
        items: What is worked through.
        description: What is being done.

    Returns:
        The items.
    """
    return track(
        items,
        description=description,
        disable=len(items) < SHOW_PROGRESS_FROM or not is_main_process(),
        transient=True,
    )
