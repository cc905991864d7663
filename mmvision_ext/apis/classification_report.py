"""Tables and pictures of what a classifier gets wrong."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mmvision_ext.utils import InputError
from mmvision_ext.utils.tables import markdown_table, save_csv
from mmvision_ext.visualization.classification_charts import (
    plot_class_accuracy,
    plot_class_confusion,
)
from mmvision_ext.visualization.draw import save_image, to_canvas
from mmvision_ext.visualization.grid import image_grid, on_square

from .classification import DatasetClassification
from .classification_confusion import (
    ConfusedPair,
    block_order,
    class_accuracy,
    confused_pairs,
    count_confusions,
    summarise,
)

MAX_CLASSES = 150  # that one chart can show legibly
PANEL_SIDE = 220


def write_report(
    results: DatasetClassification,
    folder: str | Path,
    num_mistakes: int = 20,
) -> list[Path]:
    """Write everything that shows what a classifier gets wrong.

    Args:
        results: Scores and labels.
        folder: Where to; made where missing.
        num_mistakes: Number of mistakes shown as images.

    Returns:
        The files written: ``confusion_matrix.png`` and ``.csv``,
        ``confused_pairs.csv``, ``class_accuracy.png`` and ``.csv``,
        ``predictions.csv`` and, where there are mistakes, ``mistakes.png``.

    Raises:
        InputError: ``num_mistakes`` is negative, or an image that is to be
            shown cannot be read.
    """
    if num_mistakes < 0:
        raise InputError(
            f'number of mistakes: expected at least 0, found {num_mistakes}.'
        )
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    matrix = count_confusions(results)
    return [
        *_write_confusion(results, matrix, folder),
        *_write_class_accuracy(results, matrix, folder),
        _write_predictions(results, folder / 'predictions.csv'),
        *_draw_mistakes(results, num_mistakes, folder / 'mistakes.png'),
    ]


def pairs_table(results: DatasetClassification, limit: int = 15) -> str:
    """The classes that are mixed up most often, as a Markdown table.

    Args:
        results: Scores and labels.
        limit: Number of rows.

    Returns:
        The table, or a sentence where nothing is mixed up.
    """
    pairs = confused_pairs(count_confusions(results))
    if not pairs:
        return 'No image was taken for another class.'
    return markdown_table(
        ['true', 'predicted', 'images', 'share of the class'],
        [
            [
                results.classes[pair.true],
                results.classes[pair.predicted],
                str(pair.count),
                f'{pair.share:.0%}',
            ]
            for pair in pairs[:limit]
        ],
    )


def most_confident_mistakes(
    results: DatasetClassification, limit: int
) -> NDArray[np.int64]:
    """The wrong answers that the classifier was most sure of.

    Args:
        results: Scores and labels.
        limit: At most so many.

    Returns:
        Indices of images, most confident first, shape (at most limit,).
    """
    wrong = np.flatnonzero(results.predicted != results.labels)
    confidence = results.scores[wrong].max(axis=1)
    return wrong[np.argsort(-confidence, kind='stable')][:limit]


def _write_confusion(
    results: DatasetClassification, matrix: NDArray[np.int64], folder: Path
) -> list[Path]:
    order = block_order(matrix)
    names = [results.classes[index] for index in order]
    arranged = matrix[np.ix_(order, order)]
    table = save_csv(
        folder / 'confusion_matrix.csv',
        ['true \\ predicted', *names],
        (
            [name, *counts]
            for name, counts in zip(names, arranged.tolist(), strict=True)
        ),
    )
    pairs = confused_pairs(matrix)
    pair_table = save_csv(
        folder / 'confused_pairs.csv',
        ['true', 'predicted', 'images', 'share_of_true_class'],
        (_pair_row(pair, results.classes) for pair in pairs),
    )
    wrong = arranged - np.diag(np.diag(arranged))
    shown = _most(wrong.sum(axis=0) + wrong.sum(axis=1))
    chart = plot_class_confusion(
        arranged[np.ix_(shown, shown)],
        [names[index] for index in shown],
        folder / 'confusion_matrix.png',
        f'{summarise(results)}\nclasses that are mixed up stand side by side'
        + _part(len(shown), len(names), 'mistakes'),
    )
    return [chart, table, pair_table]


def _pair_row(pair: ConfusedPair, classes: Sequence[str]) -> list[object]:
    return [
        classes[pair.true],
        classes[pair.predicted],
        pair.count,
        f'{pair.share:.4f}',
    ]


def _write_class_accuracy(
    results: DatasetClassification, matrix: NDArray[np.int64], folder: Path
) -> list[Path]:
    shares, counts = class_accuracy(results), matrix.sum(axis=1)
    table = save_csv(
        folder / 'class_accuracy.csv',
        ['class', 'images', 'right', 'accuracy'],
        (
            [name, count, right, '' if count == 0 else f'{share:.4f}']
            for name, count, right, share in zip(
                results.classes, counts, np.diag(matrix), shares, strict=True
            )
        ),
    )
    seen = np.flatnonzero(counts)
    shown = seen[_most(-shares[seen])]
    alike = len(set(counts[seen])) == 1
    summary = summarise(results)
    chart = plot_class_accuracy(
        shares[shown].tolist(),
        [
            results.classes[index] + ('' if alike else f' ({counts[index]})')
            for index in shown
        ],
        folder / 'class_accuracy.png',
        f'{summary}\n'
        + (f'{counts[seen[0]]} images per class' if alike else '(images)')
        + f'; dashed: guessing, {summary.chance_top1:.2f} %'
        + _part(len(shown), len(seen), 'mistakes'),
        1 / len(results.classes),
    )
    return [chart, table]


def _write_predictions(results: DatasetClassification, path: Path) -> Path:
    indices = np.arange(len(results))
    return save_csv(
        path,
        [
            'image',
            'true',
            'predicted',
            'probability',
            'probability_of_true',
        ],
        (
            [
                image,
                results.classes[label],
                results.classes[predicted],
                f'{confidence:.4f}',
                f'{of_true:.4f}',
            ]
            for image, label, predicted, confidence, of_true in zip(
                results.paths,
                results.labels,
                results.predicted,
                results.scores.max(axis=1),
                results.scores[indices, results.labels],
                strict=True,
            )
        ),
    )


def _draw_mistakes(
    results: DatasetClassification, limit: int, path: Path
) -> list[Path]:
    chosen = most_confident_mistakes(results, limit)
    if not len(chosen):
        return []
    panels, captions = [], []
    for index in chosen:
        image = results.source(int(index)).read_rgb()
        panels.append(on_square(to_canvas(image, PANEL_SIDE)[0], PANEL_SIDE))
        label, found = results.labels[index], results.predicted[index]
        scores = results.scores[index]
        captions.append(
            f'{results.classes[found]} {scores[found]:.2f}\n'
            f'true: {results.classes[label]} {scores[label]:.2f}'
        )
    total = int((results.predicted != results.labels).sum())
    page = image_grid(
        panels,
        captions,
        5,
        f'Most confident mistakes ({len(chosen)} of {total})',
        'Above: predicted class and its probability. Below: true class and '
        f'its probability. {total} of {len(results)} images are wrong.',
    )
    return [save_image(path, page)]


def _most(values: NDArray) -> NDArray[np.int64]:
    """Indices of the largest values, as many as a chart can show, in order."""
    return np.sort(np.argsort(-values, kind='stable')[:MAX_CLASSES])


def _part(shown: int, total: int, what: str) -> str:
    if shown == total:
        return ''
    return f'; the {shown} of {total} classes with the most {what}'
