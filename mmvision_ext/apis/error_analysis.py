"""Confusion matrix and pictures of a detector's errors."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mmvision_ext.evaluation.functional import (
    DetectionError,
    ErrorType,
    ImageRecord,
    Kind,
    detection_confusion_matrix,
    detection_errors,
)
from mmvision_ext.evaluation.metrics.collector import image_record
from mmvision_ext.utils import InputError
from mmvision_ext.utils.tables import save_csv
from mmvision_ext.visualization.charts import plot_bars, plot_confusion
from mmvision_ext.visualization.draw import Picture, draw_boxes, save_image
from mmvision_ext.visualization.grid import image_grid
from mmvision_ext.visualization.palette import Color

from .predictions import DatasetPredictions
from .results import decode_masks
from .sources import ImageSource

TRUTH_COLOR: Color = (0, 170, 90)
ERROR_COLOR: Color = (225, 50, 40)
PANEL_SIDE = 320
MIN_CROP_SIDE = 64

EXPLANATIONS = {
    ErrorType.MISSED: 'objects that no detection found, largest first',
    ErrorType.DUPLICATE: 'further detections of an object that was found',
    ErrorType.CONFUSION: 'right place, wrong class',
    ErrorType.LOCALISATION: 'right class, near an object but not on it',
    ErrorType.BACKGROUND: 'no object of the class is near',
}


@dataclass
class ErrorData:
    """What the analysis needs of a dataset.

    Attributes:
        records: Ground truth and detections, one record per image.
        sources: Image id to image.
        classes: Names of the classes.
        kind: What overlaps are measured on, ``'bbox'`` or ``'segm'``.
        iou_thr: Smallest overlap that is the right place.
        score_thr: Lowest score of a detection that counts.
    """

    records: list[ImageRecord]
    sources: dict[int | str, ImageSource]
    classes: Sequence[str]
    kind: Kind = 'bbox'
    iou_thr: float = 0.5
    score_thr: float = 0.3

    @property
    def has_masks(self) -> bool:
        """Whether all images have true and predicted masks."""
        return all(
            record.truth.masks is not None
            and record.detections.masks is not None
            for record in self.records
        )

    @property
    def setting(self) -> str:
        """Thresholds in words."""
        what = 'box' if self.kind == 'bbox' else 'mask'
        return (
            f'{len(self.records)} images, {what} IoU at least '
            f'{self.iou_thr:g}, score at least {self.score_thr:g}'
        )


def collect_error_data(
    predictions: DatasetPredictions,
    kind: Kind = 'bbox',
    iou_thr: float = 0.5,
    score_thr: float = 0.3,
) -> ErrorData:
    """Predict a dataset and keep what the analysis needs.

    Args:
        predictions: Data samples with ground truth and predictions.
        kind: Measure overlaps on ``'bbox'`` or ``'segm'``.
        iou_thr: Smallest overlap that is the right place, above 0.1.
        score_thr: Lowest score of a detection that counts.

    Returns:
        Records and images. Masks are kept where truth and detections have
        them.

    Raises:
        InputError: A threshold is out of range, or masks are missing.
    """
    if not 0.1 < iou_thr <= 1 or not 0 <= score_thr <= 1:
        raise InputError(
            'thresholds: expected 0.1 < IoU <= 1 and 0 <= score <= 1, found '
            f'IoU {iou_thr} and score {score_thr}.'
        )
    records, sources = [], {}
    for sample in predictions:
        both_have_masks = all(
            'masks' in part
            for part in (sample.gt_instances, sample.pred_instances)
        )
        record = image_record(
            sample.to_dict(), kind == 'segm' or both_have_masks
        )
        records.append(record)
        path = Path(sample.img_path)
        sources[record.img_id] = ImageSource(str(path), path)
    return ErrorData(
        records, sources, predictions.classes, kind, iou_thr, score_thr
    )


def write_confusion(data: ErrorData, folder: str | Path) -> list[Path]:
    """Write ``confusion_matrix.png`` and ``confusion_matrix.csv``.

    Rows are true classes, columns detected ones; the last row counts
    detections that are left over, on background or on an object that a
    better detection took, the last column missed objects.

    Args:
        data: From :func:`collect_error_data`.
        folder: Where to; made where missing.

    Returns:
        The files written.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    matrix = detection_confusion_matrix(
        data.records,
        len(data.classes),
        data.kind,
        data.iou_thr,
        data.score_thr,
    )
    rows = [*data.classes, '(background)']
    columns = [*data.classes, '(missed)']
    shown = matrix.astype(np.float64)
    shown[-1, -1] = np.nan  # background found as background has no count
    chart = plot_confusion(
        shown, rows, columns, folder / 'confusion_matrix.png', data.setting
    )
    table = save_csv(
        folder / 'confusion_matrix.csv',
        ['true \\ detected', *columns],
        (
            [name, *counts]
            for name, counts in zip(rows, matrix.tolist(), strict=True)
        ),
    )
    return [chart, table]


def write_error_pages(
    data: ErrorData, folder: str | Path, per_page: int = 12
) -> list[Path]:
    """Write a page of examples per kind of error, a chart and a table.

    Examples are the errors with the highest scores; for missed objects the
    largest ones.

    Args:
        data: From :func:`collect_error_data`.
        folder: Where to; made where missing.
        per_page: Number of examples per kind.

    Returns:
        The files written: ``errors.csv``, ``errors.png``, and
        ``errors_<kind>.png`` for each kind of which there are errors.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    errors = detection_errors(
        data.records, data.kind, data.iou_thr, score_thr=data.score_thr
    )
    records = {record.img_id: record for record in data.records}
    counts = Counter(error.type for error in errors)
    files = [_write_table(errors, records, data, folder / 'errors.csv')]
    total = sum(int((~record.truth.ignored).sum()) for record in data.records)
    files.append(
        plot_bars(
            {'number of errors': [counts[kind] for kind in ErrorType]},
            [kind.value for kind in ErrorType],
            folder / 'errors.png',
            f'{total} objects; {data.setting}',
            {'number of errors': 'd'},
        )
    )
    for kind in ErrorType:
        chosen = sorted(
            (error for error in errors if error.type is kind),
            key=lambda error: -_importance(error, records[error.img_id]),
        )
        if not chosen:
            continue
        chosen = chosen[:per_page]
        panels = [
            _panel(error, records[error.img_id], data) for error in chosen
        ]
        page = image_grid(
            [picture for picture, _ in panels],
            [caption for _, caption in panels],
            min(4, len(panels)),
            f'{kind.value}: {EXPLANATIONS[kind]} ({len(chosen)} of '
            f'{counts[kind]})',
            f'Green, dashed: ground truth. Red: the error. {data.setting}.',
        )
        files.append(save_image(folder / f'errors_{kind.value}.png', page))
    return files


def _importance(error: DetectionError, record: ImageRecord) -> float:
    """Score of the detection; area of a missed object."""
    if error.detection_index is not None:
        return float(record.detections.scores[error.detection_index])
    x1, y1, x2, y2 = record.truth.boxes[error.object_index]
    return float((x2 - x1) * (y2 - y1))


def _panel(
    error: DetectionError, record: ImageRecord, data: ErrorData
) -> tuple[Picture, str]:
    """The surroundings of one error, and what happened there."""
    source = data.sources[error.img_id]
    image = source.read_rgb()
    truth, found = record.truth, record.detections
    boxes, masks, texts, colors = [], [], [], []
    if error.object_index is not None:
        index = error.object_index
        boxes.append(truth.boxes[index])
        masks += truth.masks[index : index + 1] if truth.masks else []
        texts.append(data.classes[truth.labels[index]])
        colors.append(TRUTH_COLOR)
    if error.detection_index is not None:
        index = error.detection_index
        name = data.classes[found.labels[index]]
        boxes.append(found.boxes[index])
        masks += found.masks[index : index + 1] if found.masks else []
        texts.append(f'{name} {found.scores[index]:.2f}')
        colors.append(ERROR_COLOR)
    left, top, right, bottom = _crop(np.stack(boxes), record)
    shapes = None
    if data.kind == 'segm':
        shapes = decode_masks(masks, record.height, record.width)
        shapes = shapes[:, top:bottom, left:right]
    picture = draw_boxes(
        np.ascontiguousarray(image[top:bottom, left:right]),
        np.stack(boxes) - [left, top, left, top],
        colors,
        texts,
        shapes,
        dashed=[color is TRUTH_COLOR for color in colors],
        long_side=PANEL_SIDE,
    )
    caption = (
        ' found as '.join(texts)
        if error.type is ErrorType.CONFUSION
        else texts[-1]
    )
    if len(boxes) == 2:
        caption += f', IoU {error.iou:.2f}'
    return picture, f'{Path(source.name).stem}\n{caption}'


def _crop(
    boxes: NDArray[np.float32], record: ImageRecord
) -> tuple[int, int, int, int]:
    """A square around boxes with room at each side, within the image."""
    low, high = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    side = max(float((high - low).max()) * 1.5, MIN_CROP_SIDE)
    edges = []
    for centre, limit in zip(
        (low + high) / 2, (record.width, record.height), strict=True
    ):
        length = min(round(side), limit)
        start = int(
            np.clip(round(float(centre) - length / 2), 0, limit - length)
        )
        edges.append((start, start + length))
    return edges[0][0], edges[1][0], edges[0][1], edges[1][1]


def _write_table(
    errors: Sequence[DetectionError],
    records: dict[int | str, ImageRecord],
    data: ErrorData,
    path: Path,
) -> Path:
    """All errors, one per line."""
    header = [
        'error',
        'image',
        'true_class',
        'detected_class',
        'score',
        'iou',
        'true_box',
        'detected_box',
    ]
    rows = []
    for error in errors:
        record = records[error.img_id]
        cells = ['', '', '', '', '', '']
        if error.object_index is not None:
            index = error.object_index
            cells[0] = data.classes[record.truth.labels[index]]
            cells[4] = _box_text(record.truth.boxes[index])
        if error.detection_index is not None:
            index = error.detection_index
            cells[1] = data.classes[record.detections.labels[index]]
            cells[2] = f'{record.detections.scores[index]:.4f}'
            cells[3] = f'{error.iou:.4f}'
            cells[5] = _box_text(record.detections.boxes[index])
        rows.append(
            [error.type.value, data.sources[error.img_id].name, *cells]
        )
    return save_csv(path, header, rows)


def _box_text(box: NDArray[np.float32]) -> str:
    return ' '.join(f'{value:.1f}' for value in box)
