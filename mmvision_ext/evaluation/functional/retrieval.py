"""Measures of retrieval, each beside what a random order gives.

Candidates of equal similarity stand in no order, so that each measure is the
mean over all their orders, computed exactly. A model that says the same of
all candidates therefore has what chance has, to the digit, and the order of
the data changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

#: Entries sorted at a time; a dozen arrays of this size are held.
BLOCK = 1 << 20
TOPK = (1, 5, 10)


@dataclass(frozen=True)
class Retrieval:
    """How well Q queries find their relevant ones among N candidates.

    A share is in [0, 1]; without queries it is nan.

    Attributes:
        recall: k to Recall@k: the share of the queries that have a relevant
            candidate among their first k.
        recall_chance: The same of a random order.
        median_rank: The least k at which Recall@k is one half or more: the
            (lower) median of the rank of the first relevant candidate, from
            1; nan without queries.
        median_rank_chance: The same of a random order.
        mean_ap: Mean average precision.
        mean_ap_chance: The same of a random order.
        num_queries: Queries with a relevant candidate, over which the means
            are.
        num_left_out: Queries without one.
    """

    recall: dict[int, float]
    recall_chance: dict[int, float]
    median_rank: float
    median_rank_chance: float
    mean_ap: float
    mean_ap_chance: float
    num_queries: int
    num_left_out: int


class _Groups(NamedTuple):
    """Groups of equal similarity, of any number of queries; shape (G,) each.

    Attributes:
        query: The query that the group is of, ascending.
        above: Candidates that are more similar.
        hits: Relevant ones among them.
        size: Candidates in the group.
        relevant: Relevant ones among them, at least 1.
    """

    query: NDArray[np.intp]
    above: NDArray[np.intp]
    hits: NDArray[np.intp]
    size: NDArray[np.intp]
    relevant: NDArray[np.intp]


def measure_retrieval(
    similarity: NDArray[np.floating],
    relevant: NDArray[np.bool_],
    known: NDArray[np.bool_] | None = None,
    topk: Sequence[int] = TOPK,
) -> Retrieval:
    """Measure how well similarities rank the candidates of each query.

    The other direction, of candidates finding queries, is the measure of the
    three arrays transposed.

    Args:
        similarity: Any numbers, negative and infinite ones too, shape (Q, N);
            a larger one is a better match.
        relevant: Whether a candidate is an answer to a query, shape (Q, N).
        known: False where that is unknown: the candidate is taken out of the
            ranking of this query, shape (Q, N). None knows all.
        topk: The k of Recall@k, from 1.

    Returns:
        The measures, over the queries that have a relevant candidate.

    Raises:
        ValueError: The shapes differ, a similarity is nan, or a k is less
            than 1.
    """
    if known is None:
        known = np.ones(relevant.shape, bool)
    if similarity.ndim != 2 or not (
        similarity.shape == relevant.shape == known.shape
    ):
        raise ValueError(
            'similarity, relevant, known: expected one shape (Q, N), found '
            f'{similarity.shape}, {relevant.shape} and {known.shape}'
        )
    if np.isnan(similarity).any() or min(topk, default=1) < 1:
        raise ValueError(
            f'expected similarities without nan and k from 1, found k {topk} '
            f'and {int(np.isnan(similarity).sum())} nan'
        )
    relevant = relevant & known
    total = relevant.sum(axis=1)
    rows = np.flatnonzero(total)
    total = total[rows]
    groups = _groups(similarity, relevant, known, rows)
    starts = np.flatnonzero(np.diff(groups.query, prepend=-1))
    first = _Groups(*(column[starts] for column in groups))
    zero = np.zeros_like(total)
    chance = _Groups(rows, zero, zero, known[rows].sum(axis=1), total)
    gains = np.bincount(groups.query, _precision_sums(groups), len(relevant))[
        rows
    ]
    return Retrieval(
        recall={k: _recall(first, k) for k in topk},
        recall_chance={k: _recall(chance, k) for k in topk},
        median_rank=_median_rank(first),
        median_rank_chance=_median_rank(chance),
        mean_ap=_mean(gains / total),
        mean_ap_chance=_mean(_precision_sums(chance) / total),
        num_queries=len(rows),
        num_left_out=len(relevant) - len(rows),
    )


def pair_relevance(
    image_of_text: NDArray[np.integer], num_images: int
) -> NDArray[np.bool_]:
    """Which texts are answers to which images, where texts are captions.

    Args:
        image_of_text: Index of the image that each text belongs to, shape
            (T,); an image may have several texts, or none.
        num_images: I.

    Returns:
        Images as queries for texts, shape (I, T); transposed, texts as
        queries for images.

    Raises:
        ValueError: An index is none of the images.
    """
    if len(image_of_text) and not (
        0 <= image_of_text.min() and image_of_text.max() < num_images
    ):
        raise ValueError(
            f'image_of_text: expected from 0 to {num_images - 1}, found '
            f'{image_of_text.min()} to {image_of_text.max()}'
        )
    return np.arange(num_images)[:, None] == image_of_text


def _groups(
    similarity: NDArray[np.floating],
    relevant: NDArray[np.bool_],
    known: NDArray[np.bool_],
    rows: NDArray[np.intp],
) -> _Groups:
    """The groups that have a relevant candidate, most similar first."""
    found = [_Groups(*np.zeros((5, 0), np.intp))]
    size = max(1, BLOCK // max(1, similarity.shape[1]))
    for start in range(0, len(rows), size):
        part = rows[start : start + size]
        groups = _block(similarity[part], relevant[part], known[part])
        found.append(groups._replace(query=part[groups.query]))
    return _Groups(*map(np.concatenate, zip(*found, strict=True)))


def _block(
    similarity: NDArray[np.floating],
    relevant: NDArray[np.bool_],
    known: NDArray[np.bool_],
) -> _Groups:
    """The groups of a few queries, (B, N) each; ``query`` is from 0 to B - 1.

    What is not known sorts behind everything, -inf included, as nan.
    """
    keys = np.where(known, -similarity, np.nan)
    order = keys.argsort(axis=1)
    keys = np.take_along_axis(keys, order, axis=1)
    hits = np.take_along_axis(relevant, order, axis=1).cumsum(axis=1)
    ends = ~np.isnan(keys)
    ends[:, :-1] &= keys[:, :-1] != keys[:, 1:]
    query, place = np.nonzero(ends)
    fresh = np.diff(query, prepend=-1) > 0
    found, stops = hits[query, place], place + 1
    above = np.where(fresh, 0, np.roll(stops, 1))
    before = np.where(fresh, 0, np.roll(found, 1))
    groups = _Groups(query, above, before, stops - above, found - before)
    return _Groups(*(column[groups.relevant > 0] for column in groups))


def _precision_sums(groups: _Groups) -> NDArray[np.float64]:
    """What each group adds to its query's sum of precisions, (G,).

    That is the sum, over the places of the group, of the probability that a
    relevant candidate stands there, times the mean precision if so (McSherry
    and Najork, "Computing Information Retrieval Performance Measures
    Efficiently in the Presence of Tied Scores", ECIR 2008). At place i of t,
    with r relevant ones among them, a more similar candidates before and h
    hits among these::

        r / t * (h + 1 + (i - 1) * c) / (a + i),  c = (r - 1) / (t - 1)

    which summed over i is, with the harmonic numbers H::

        r / t * (c * t + (h + 1 - c * (a + 1)) * (H[a + t] - H[a]))
    """
    _, above, hits, size, relevant = groups
    places = 1 / np.arange(1.0, (above + size).max(initial=0) + 1)
    harmonic = np.concatenate([[0], places.cumsum()])
    slope = (relevant - 1) / np.maximum(size - 1, 1)
    spread = harmonic[above + size] - harmonic[above]
    level = hits + 1 - slope * (above + 1)
    return relevant / size * (slope * size + level * spread)


def _recall(first: _Groups, k: int) -> float:
    """Recall@k, from the first group of each query with a relevant one.

    Of a group of t candidates with r relevant ones, the m that are among the
    first k miss all relevant ones with probability C(t - r, m) / C(t, m).
    """
    size, others = first.size, first.size - first.relevant
    drawn = np.clip(k - first.above, 0, size)
    whole = np.arange(1.0, size.max(initial=0) + 1)
    logs = np.concatenate([[0], np.log(whole).cumsum()])  # of factorials
    miss = np.exp(
        logs[others]
        - logs[np.maximum(others - drawn, 0)]
        - logs[size]
        + logs[size - drawn]
    )
    return _mean(np.where(drawn > others, 1.0, 1 - miss))


def _median_rank(first: _Groups) -> float:
    """The least k at which Recall@k is one half, by bisection."""
    if not len(first.query):
        return float('nan')
    low, high = 1, int((first.above + first.size).max())
    while low < high:
        middle = (low + high) // 2
        if _recall(first, middle) < 0.5 - 1e-9:  # 1e-9 for the logarithms
            low = middle + 1
        else:
            high = middle
    return float(low)


def _mean(values: NDArray[np.float64]) -> float:
    return float(values.mean()) if len(values) else float('nan')
