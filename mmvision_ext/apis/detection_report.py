"""What a detector does well and badly on a dataset, from one prediction."""

import math
from pathlib import Path

from mmvision_ext.evaluation.functional import (
    Kind,
    VOCResult,
    voc_average_precision,
)
from mmvision_ext.utils import InputError
from mmvision_ext.utils.tables import save_csv
from mmvision_ext.visualization.charts import plot_bars

from .error_analysis import (
    ErrorData,
    collect_error_data,
    write_confusion,
    write_error_pages,
)
from .predictions import DatasetPredictions

COLUMNS: dict[Kind, str] = {'bbox': 'box AP50', 'segm': 'mask AP50'}


def write_detection_report(
    predictions: DatasetPredictions,
    folder: str | Path,
    kind: Kind = 'bbox',
    iou_thr: float = 0.5,
    score_thr: float = 0.3,
    per_page: int = 12,
) -> list[Path]:
    """Predict a dataset once and write all that is to be seen of it.

    Args:
        predictions: Data samples with ground truth and predictions.
        folder: Where to; made where missing.
        kind: Measure the overlaps of confusions and errors on ``'bbox'`` or
            ``'segm'``.
        iou_thr: Smallest overlap that is the right place, above 0.1, for
            confusions and errors.
        score_thr: Lowest score of a detection that counts there.
        per_page: Number of examples per kind of error.

    Returns:
        The files written: those of :func:`write_class_table`, of
        :func:`~mmvision_ext.apis.error_analysis.write_confusion` and of
        :func:`~mmvision_ext.apis.error_analysis.write_error_pages`.

    Raises:
        InputError: A threshold or number is out of range, or masks are
            missing.
    """
    if per_page < 1:
        raise InputError(f'per_page: expected at least 1, found {per_page}.')
    data = collect_error_data(predictions, kind, iou_thr, score_thr)
    return [
        *write_class_table(data, folder),
        *write_confusion(data, folder),
        *write_error_pages(data, folder, per_page),
    ]


def write_class_table(data: ErrorData, folder: str | Path) -> list[Path]:
    """Write ``per_class.csv`` and ``per_class.png``.

    Average precision is VOC's, area under the curve, at IoU 0.5, of all
    detections whatever their score. The last row of the table is the mean
    over the classes that have objects.

    Args:
        data: From
            :func:`~mmvision_ext.apis.error_analysis.collect_error_data`.
        folder: Where to; made where missing.

    Returns:
        The table (columns ``class``, ``objects``, ``box AP50``, ``mask
        AP50``; empty where undefined or without masks) and the chart.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    kinds: list[Kind] = ['bbox', 'segm'] if data.has_masks else ['bbox']
    results = {
        kind: voc_average_precision(data.records, len(data.classes), kind)
        for kind in kinds
    }
    counts = results['bbox'].num_gt.tolist()
    values = {kind: _values(result) for kind, result in results.items()}
    rows = []
    for index, (name, count) in enumerate(
        zip([*data.classes, 'mean'], [*counts, sum(counts)], strict=True)
    ):
        cells = [
            values[kind][index] if kind in values else None for kind in COLUMNS
        ]
        texts = ['' if cell is None else f'{cell:.4f}' for cell in cells]
        rows.append([name, count, *texts])
    table = save_csv(
        folder / 'per_class.csv', ['class', 'objects', *COLUMNS.values()], rows
    )
    chart = plot_bars(
        {COLUMNS[kind]: values[kind] for kind in kinds},
        [
            *(
                f'{name} ({count})'
                for name, count in zip(data.classes, counts, strict=True)
            ),
            f'mean ({sum(counts)})',
        ],
        folder / 'per_class.png',
        'VOC average precision (area) at IoU 0.5; number of objects in '
        f'brackets; {len(data.records)} images',
        dict.fromkeys(COLUMNS.values(), '.3f'),
    )
    return [table, chart]


def _values(result: VOCResult) -> list[float | None]:
    """Average precision of every class, and their mean."""
    return [
        value if math.isfinite(value) else None
        for value in [*result.ap.tolist(), result.mean_ap]
    ]
