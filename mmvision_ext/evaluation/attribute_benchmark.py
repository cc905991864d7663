"""Time the measures of attributes against a loop over scikit-learn."""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn import metrics as sk

from mmvision_ext.utils import tables
from mmvision_ext.utils.provenance import code_commit, processor_name

from .functional.attribute_counts import count_at_thresholds
from .functional.attribute_ranking import rank_attributes
from .functional.attribute_scores import attribute_scores

Arrays = tuple[NDArray, NDArray, NDArray]
Measure = Callable[[NDArray, NDArray, NDArray], NDArray[np.float64]]


@dataclass(frozen=True)
class Comparison:
    """All measures computed in both ways.

    Attributes:
        samples: Number of samples.
        attributes: Number of attributes.
        known: Share of the entries that count.
        loop: Shortest processor time of the loop over scikit-learn, seconds.
        ours: That of the vectorised functions, checks included, seconds.
        ratio: One over the other.
        difference: Largest difference of a value.
        commit: Commit of the code.
        processor: Model of the processor.
    """

    samples: int
    attributes: int
    known: float
    loop: float
    ours: float
    ratio: float
    difference: float
    commit: str
    processor: str


def random_arrays(
    samples: int, attributes: int, known: float, seed: int = 0
) -> Arrays:
    """Make scores that know a little of targets that are mostly rare.

    Args:
        samples: Number N of samples.
        attributes: Number A of attributes.
        known: Share of the entries that count, in (0, 1].
        seed: The same seed gives the same arrays.

    Returns:
        Scores, and targets, float32, and mask, bool, each (N, A).
    """
    rng = np.random.default_rng(seed)
    shape = samples, attributes
    targets = rng.random(shape) < rng.uniform(0.01, 0.3, attributes)
    scores = rng.normal(0.3 + 0.1 * targets, 0.1).clip(0, 1)
    mask = rng.random(shape) < known
    return scores.astype(np.float32), targets.astype(np.float32), mask


def compare(arrays: Arrays, repeats: int = 3) -> Comparison:
    """Compute AP, AUROC, and P, R, F1 and mA at 0.5, in both ways.

    Times are those of the processor: other work on the machine counts less.

    Args:
        arrays: Scores, targets and mask, each (N, A). Every attribute must
            have known positives and negatives.
        repeats: How often; the shortest time counts.

    Returns:
        Both times.
    """
    loop, expected = _time(_loop, arrays, repeats)
    ours, found = _time(_ours, arrays, repeats)
    return Comparison(
        samples=len(arrays[0]),
        attributes=arrays[0].shape[1],
        known=float(arrays[2].mean()),
        loop=loop,
        ours=ours,
        ratio=loop / ours,
        difference=float(np.abs(found - expected).max()),
        commit=code_commit(),
        processor=processor_name(),
    )


def _time(
    measure: Measure, arrays: Arrays, repeats: int
) -> tuple[float, NDArray[np.float64]]:
    """Shortest processor time and the values."""
    shortest = float('inf')
    for _ in range(repeats):
        start = time.process_time()
        values = measure(*arrays)
        shortest = min(shortest, time.process_time() - start)
    return shortest, values


def _ours(
    scores: NDArray, targets: NDArray, mask: NDArray
) -> NDArray[np.float64]:
    """The vectorised functions, (6, A)."""
    data = attribute_scores(scores, targets, mask)
    counts = count_at_thresholds(data, 0.5)
    return np.array(
        [
            *rank_attributes(data),
            counts.precision,
            counts.recall,
            counts.f1,
            counts.balanced_accuracy,
        ]
    )


def _loop(
    scores: NDArray, targets: NDArray, mask: NDArray
) -> NDArray[np.float64]:
    """scikit-learn, attribute by attribute, (6, A)."""
    rows = []
    for index in range(scores.shape[1]):
        known = mask[:, index]
        y, s = targets[known, index], scores[known, index]
        decided = (s >= 0.5).astype(y.dtype)
        rows.append(
            [
                sk.average_precision_score(y, s),
                sk.roc_auc_score(y, s),
                *sk.precision_recall_fscore_support(
                    y, decided, average='binary', zero_division=0
                )[:3],
                sk.balanced_accuracy_score(y, decided),
            ]
        )
    return np.array(rows).T


def append_rows(path: Path, comparisons: Sequence[Comparison]) -> None:
    """Add measurements to a table; a new file gets a header.

    Args:
        path: The table, CSV.
        comparisons: The rows.
    """
    tables.append_csv(
        path,
        [
            {
                name: f'{value:.4g}' if isinstance(value, float) else value
                for name, value in asdict(comparison).items()
            }
            for comparison in comparisons
        ],
    )


def markdown_table(comparisons: Sequence[Comparison]) -> str:
    """Write measurements as a Markdown table.

    Args:
        comparisons: The rows.

    Returns:
        The table.
    """
    header = (
        'samples',
        'attributes',
        'known',
        'scikit-learn (s)',
        'ours (s)',
        'ratio',
        'largest difference',
    )
    rows = [
        (
            f'{row.samples}',
            f'{row.attributes}',
            f'{row.known:.0%}',
            f'{row.loop:.2f}',
            f'{row.ours:.3f}',
            f'{row.ratio:.1f}',
            f'{row.difference:.1e}',
        )
        for row in comparisons
    ]
    return tables.markdown_table(header, rows)
