"""Read a VOC devkit or SBD into samples, with an account of every loss.

The dataset class and the converter to COCO both read through here, so that
their counts are the same numbers. One thread reads: decoding a mask is quick
(about 2 ms an image on one core), and threads gain little on it.
"""

from collections.abc import Iterable

from mmengine.dist import is_main_process
from rich.progress import track

from .errors import AnnotationError, DatasetError
from .report import DatasetReport, Reason
from .voc_devkit import ListEntry, read_image_list
from .voc_sample import DevkitSource, Sample, SampleReader

SHOW_PROGRESS_FROM = 500  # images
ERRORS_SHOWN = 10


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
    for entry in _with_progress(entries, source.list_file.name):
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
    _raise_all(errors)
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


def _with_progress(entries: list[ListEntry], name: str) -> Iterable[ListEntry]:
    """The entries, with a progress bar where there are many."""
    return track(
        entries,
        description=f'Reading {name}',
        disable=len(entries) < SHOW_PROGRESS_FROM or not is_main_process(),
        transient=True,
    )


def _raise_all(errors: list[AnnotationError]) -> None:
    """Raise what was wrong with the images as one error."""
    if len(errors) == 1:
        raise errors[0]
    if errors:
        shown = '\n'.join(f'  - {error}' for error in errors[:ERRORS_SHOWN])
        more = len(errors) - ERRORS_SHOWN
        raise AnnotationError(
            f'{len(errors)} images cannot be read:\n{shown}'
            + (f'\n  ... and {more} more' if more > 0 else '')
        )
