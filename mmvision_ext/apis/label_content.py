"""Labels of images and boxes as a COCO-format file has them."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .label_journal import Record
from .label_tasks import Content, LabelTask


@dataclass
class Labelled:
    """Images that are labelled, and those that cannot be.

    Attributes:
        records: Name of an image to its ``stamp``, ``height``, ``width``,
            ``scores`` (rows of A) and ``faults`` (annotation id to reason).
        failed: Images that cannot be read, with ``file_name`` and ``reason``.
        reused: Number of records of an earlier run.
    """

    records: dict[str, Record] = field(default_factory=dict)
    failed: list[Content] = field(default_factory=list)
    reused: int = 0


def labelled_content(
    names: Sequence[str],
    groups: Sequence[str],
    tasks: Sequence[LabelTask],
    done: Labelled,
    thresholds: NDArray[np.float64],
) -> Content:
    """The labels in COCO's format.

    Args:
        names: The attributes, A of them.
        groups: Group of each, empty where it has none, A of them.
        tasks: The images.
        done: Scores, and what could not be labelled.
        thresholds: Score from which an attribute is written, shape (A,).

    Returns:
        ``attribute_names`` and ``attribute_groups``, A each; ``images`` and
        ``annotations``, of which what was labelled has ``attributes`` (names,
        best first) and ``attribute_scores`` (A numbers in the order of
        ``attribute_names``): the annotations where boxes were labelled, else
        the images; and ``failed``, what was left out.
    """
    images, annotations = [], []
    failed = list(done.failed)
    for task in tasks:
        record = done.records.get(task.name)
        if record is None and task.annotations != []:
            continue
        entry = dict(task.entry)
        if record is not None:
            entry |= dict(height=record['height'], width=record['width'])
        images.append(entry)
        if record is None:
            continue
        rows = iter(record['scores'])
        if task.annotations is None:
            entry |= _label(next(rows), names, thresholds)
            continue
        for annotation in task.annotations:
            reason = record['faults'].get(str(annotation['id']))
            if reason is None:
                label = _label(next(rows), names, thresholds)
                annotations.append({**annotation, **label})
            else:
                failed.append(
                    dict(
                        file_name=task.name,
                        annotation_id=annotation['id'],
                        reason=reason,
                    )
                )
    return dict(
        attribute_names=list(names),
        attribute_groups=list(groups),
        images=images,
        annotations=annotations,
        failed=failed,
    )


def _label(
    row: Sequence[float],
    names: Sequence[str],
    thresholds: NDArray[np.float64],
) -> Content:
    """Labels of one image or box from its A scores."""
    scores = np.asarray(row, np.float32)
    order = np.argsort(-scores, kind='stable')
    present = scores >= thresholds
    return dict(
        attributes=[names[index] for index in order if present[index]],
        attribute_scores=list(row),
    )
