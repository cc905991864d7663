"""Attributes for a folder of images, or for the boxes of a COCO file."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmvision_ext.datasets.voc_to_coco import write_json
from mmvision_ext.engine.checkpointing.durable import file_digest
from mmvision_ext.studies.lock import run_lock
from mmvision_ext.utils import InputError
from mmvision_ext.utils.number_checks import check_count
from mmvision_ext.version import __version__

from .attribute_inferencer import threshold_vector
from .attribute_model import AttributeModel, Packed, load_attribute_model
from .attribute_results import plain_scores
from .attribute_settings import config_checksum
from .image_folder import check_names, left_out_text
from .label_content import Labelled, labelled_content
from .label_journal import LabelJournal, Record, file_stamp
from .label_tasks import Content, LabelTask, annotation_box, list_tasks
from .progress import track
from .source_loop import in_batches


@dataclass(frozen=True)
class LabelSummary:
    """What a labelling run did.

    Attributes:
        path: The file with the labels.
        images: Number of images in it.
        labelled: Number of images, or of boxes, that have attributes.
        reused: Number of images whose scores an earlier run had computed.
        failed: Images and boxes that were left out: ``file_name``,
            ``annotation_id`` of a box, and ``reason``.
        left_out: Number of folders in the folder whose images are not among
            them.
    """

    path: Path
    images: int
    labelled: int
    reused: int
    failed: list[Content] = field(repr=False)
    left_out: int = 0

    def text(self) -> str:
        """What the run did, for a reader.

        Returns:
            A line with the numbers, one for each image or box that was left
            out, and one where folders were.
        """
        lines = [
            f'{self.path}: {self.images} images, {self.labelled} labels '
            f'({self.reused} images were done by an earlier run), '
            f'{len(self.failed)} left out'
        ]
        lines += [f'  {item["reason"]}' for item in self.failed]
        if self.left_out:
            lines.append(left_out_text(self.left_out))
        return '\n'.join(lines)


def auto_label(
    config: str | Path,
    checkpoint: str | Path,
    images: str | Path,
    out: str | Path,
    annotations: str | Path | None = None,
    thresholds: float | str | Path = 0.5,
    batch_size: int = 16,
    device: str | None = None,
    restart: bool = False,
    progress: bool = True,
    recursive: bool = False,
) -> LabelSummary:
    """Label images, or boxes in them, with attributes.

    Finished batches are kept in a journal beside ``out``
    (``<out>.journal.jsonl``): a run that was killed goes on, a folder that
    has grown is labelled where it is new, and other thresholds need no new
    scores. The result is written whole or not at all. An image of the folder
    keeps its ``id`` in all of them.

    Args:
        config: Config file.
        checkpoint: File of the weights; its hash is recorded.
        images: Folder of images.
        out: COCO-format JSON to write, see :func:`labelled_content`.
        annotations: COCO-format JSON whose boxes are labelled, in images of
            the folder; None labels the images of the folder themselves.
        thresholds: Score from which an attribute is written: one for all, or
            the file that ``AttributeMetric`` writes.
        batch_size: Images that are read, and images or boxes that run through
            the model, at once.
        device: Such as ``'cuda:0'`` or ``'cpu'``; None takes the first GPU
            where there is one.
        restart: Whether the labels of an earlier run are thrown away.
        progress: Show how many images are done and how long is left.
        recursive: Whether images of the folders in the folder are labelled as
            well.

    Returns:
        What was done.

    Raises:
        InputError: An input cannot be used, ``out`` is an input or no earlier
            result, an earlier or another run uses it, or nothing could be
            labelled.
    """
    out = Path(out)
    journal = out.with_name(f'{out.name}.journal.jsonl')
    inputs = dict(
        config=config,
        checkpoint=checkpoint,
        annotations=annotations,
        thresholds=thresholds,
    )
    _check_call(out, journal, inputs, batch_size)
    _check_out(out, journal, restart)
    check_names([images, out])
    hashes = _file_hashes(checkpoint, annotations)
    model = load_attribute_model(config, checkpoint, device)
    limits = threshold_vector(thresholds, model.names)
    tasks, rest, left_out = _list_tasks(model, images, annotations, recursive)
    _check_images(out, journal, tasks)
    identity = dict(
        images=str(Path(images).resolve()),
        config_sha256=config_checksum(model.model.cfg, model.names),
        attribute_names=list(model.names),
        **hashes,
    )
    with (
        _only_run(journal),
        LabelJournal(journal, identity, restart) as book,
    ):
        if annotations is None:
            tasks = _numbered(tasks, book)
        done = _label_all(model, tasks, book, batch_size, progress)
    made_by = _made_by(config, checkpoint, identity, limits)
    content = labelled_content(model.names, model.groups, tasks, done, limits)
    info = {**(rest.pop('info', None) or {}), 'attributes': made_by}
    write_json(out, {'info': info, **rest, **content})
    return _summary(out, content, done, left_out)


def _made_by(
    config: str | Path,
    checkpoint: str | Path,
    identity: Mapping[str, Any],
    limits: NDArray[np.floating],
) -> dict[str, Any]:
    """Where labels come from, for the result's ``info``.

    Args:
        config: Config file.
        checkpoint: File of the weights.
        identity: What the journal is kept for.
        limits: Thresholds, shape (A,).

    Returns:
        Version, files, checksums and thresholds.
    """
    names = identity['attribute_names']
    return {
        'mmvision_ext': __version__,
        'config': str(config),
        'checkpoint': str(checkpoint),
        **{k: v for k, v in identity.items() if k.endswith('sha256')},
        'thresholds': dict(zip(names, limits.tolist(), strict=True)),
    }


def _summary(
    out: Path, content: Mapping[str, Any], done: Labelled, left_out: int
) -> LabelSummary:
    """What was done, for the terminal."""
    return LabelSummary(
        out,
        len(content['images']),
        sum(len(record['scores']) for record in done.records.values()),
        done.reused,
        content['failed'],
        left_out,
    )


def _label_all(
    model: AttributeModel,
    tasks: Sequence[LabelTask],
    book: LabelJournal,
    batch_size: int,
    progress: bool,
) -> Labelled:
    """Label what the journal lacks.

    Batches are made of the list of all images, so that a run that goes on has
    those of a run without a break, and the very same scores.

    Raises:
        InputError: If nothing could be labelled.
    """
    done = Labelled()
    work = [task for task in tasks if task.annotations != []]
    for chunk in in_batches(
        track(work, 'labelling', len(work), progress), batch_size
    ):
        stamps = {task.name: file_stamp(task.path) for task in chunk}
        known = {
            name: record
            for name, stamp in stamps.items()
            if (record := book.get(name, stamp)) is not None
        }
        missing = [task for task in chunk if task.name not in known]
        new = _label_chunk(model, missing, stamps, batch_size, done.failed)
        if new:
            book.add(new)
        done.records |= known | new
        done.reused += len(known)
    if not any(record['scores'] for record in done.records.values()):
        reasons = [item['reason'] for item in done.failed]
        for record in done.records.values():
            reasons += record['faults'].values()
        raise InputError(
            'images: expected some that can be labelled, or have boxes that '
            f'can, found none of {len(tasks)}.\n  ' + '\n  '.join(reasons)
        )
    return done


def _label_chunk(
    model: AttributeModel,
    tasks: Sequence[LabelTask],
    stamps: Mapping[str, Sequence[int]],
    batch_size: int,
    failed: list[Content],
) -> dict[str, Record]:
    """Label some images together; those that fail are appended."""
    records: dict[str, Record] = {}
    waiting: list[tuple[Record, Packed]] = []
    for task in tasks:
        try:
            record, samples = _prepare(model, task)
        except InputError as error:
            failed.append(dict(file_name=task.name, reason=str(error)))
            continue
        records[task.name] = record | {'stamp': list(stamps[task.name])}
        waiting += [(record, packed) for packed in samples]
    for batch in in_batches(waiting, batch_size):
        scores = model.predict([packed for _, packed in batch])
        for (record, _), row in zip(batch, scores, strict=True):
            record['scores'].append(plain_scores(row))
    return records


def _prepare(
    model: AttributeModel, task: LabelTask
) -> tuple[Record, list[Packed]]:
    """A record without scores, and the samples of an image.

    Raises:
        InputError: If the image cannot be read or has another size than its
            annotation says.
    """
    pixels = model.read(task.source)
    height, width = pixels.shape[:2]
    stated = task.entry.get('height', height), task.entry.get('width', width)
    if stated != (height, width):
        raise InputError(
            f'image {task.path}: expected {stated[1]} x {stated[0]} px, as '
            f'the annotations say, found {width} x {height} px.'
        )
    faults: dict[str, str] = {}
    samples = []
    if task.annotations is None:
        samples.append(model.prepare(pixels, str(task.path)))
    for annotation in task.annotations or ():
        try:
            box = annotation_box(annotation)
            samples.append(model.prepare(pixels, str(task.path), box))
        except InputError as error:
            faults[str(annotation['id'])] = (
                f'annotation {annotation["id"]}: {error}'
            )
    record = dict(height=height, width=width, scores=[], faults=faults)
    return record, samples


def _check_call(
    out: Path, journal: Path, inputs: Mapping[str, Any], batch_size: int
) -> None:
    """Refuse to write over what is read."""
    check_count(batch_size, 'batch_size')
    written = {path.resolve() for path in (out, journal)}
    for what, path in inputs.items():
        if isinstance(path, (str, Path)) and Path(path).resolve() in written:
            raise InputError(
                f'--out: expected another file than the {what}, found {out}. '
                'The result or its journal would replace it: name another '
                'file.'
            )


def _check_images(
    out: Path, journal: Path, tasks: Sequence[LabelTask]
) -> None:
    """Refuse to write over an image."""
    written = {path.resolve() for path in (out, journal)}
    if any(task.path.resolve() in written for task in tasks):
        raise InputError(
            f'--out: expected another file than the image, found {out}. Name '
            'another file.'
        )


def _check_out(out: Path, journal: Path, restart: bool) -> None:
    """Refuse to replace a file that is not a result of this tool."""
    if out.is_dir():
        raise InputError(f'--out: expected a file, found the folder {out}.')
    if out.exists() and not journal.exists() and not restart:
        raise InputError(
            '--out: expected a new file or an earlier result with its '
            f'journal {journal.name}, found {out} without. Name another file, '
            'or replace it (--restart).'
        )


def _list_tasks(
    model: AttributeModel,
    images: str | Path,
    annotations: str | Path | None,
    recursive: bool,
) -> tuple[list[LabelTask], Content, int]:
    """What is to be labelled, if this model can."""
    if annotations and not model.takes_objects:
        raise InputError(
            'annotations: expected none, since this model looks at whole '
            'images. Leave them out, or use a model of objects '
            '(mmvision_ext.LoadObjectCrop).'
        )
    return list_tasks(images, annotations, recursive)


def _numbered(
    tasks: Sequence[LabelTask], book: LabelJournal
) -> list[LabelTask]:
    """Give images the numbers that they had in earlier runs, or new ones."""
    ids = book.number(task.name for task in tasks)
    return [
        replace(task, entry=dict(id=ids[task.name], **task.entry))
        for task in tasks
    ]


@contextmanager
def _only_run(journal: Path) -> Iterator[None]:
    """Keep a second run out of a journal."""
    with run_lock(journal) as held:
        if held is None:
            raise InputError(
                f'{journal}: expected no other run that writes it, found one. '
                'Wait for it, or name another --out.'
            )
        yield


def _file_hashes(
    checkpoint: str | Path, annotations: str | Path | None
) -> dict[str, str | None]:
    """Hashes of the files that labels come from."""
    hashes: dict[str, str | None] = {'annotations_sha256': None}
    files = {'checkpoint': checkpoint, 'annotations': annotations}
    for what, path in files.items():
        if path is None:
            continue
        if not Path(path).is_file():
            raise InputError(
                f'{what}: expected a file, whose hash is recorded, found none '
                f'at {path}.'
            )
        hashes[f'{what}_sha256'] = file_digest(Path(path))
    return hashes
