"""Whether an entry differs from its baseline by more than seeds do."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import ttest_ind

from .collect import Collection
from .spec import Entry, Study, full_name


@dataclass(frozen=True)
class Comparison:
    """An entry against its baseline, by the main metric.

    Attributes:
        group: Group of the entry.
        label: Label of the entry.
        baseline: Name of the baseline.
        seeds: Number of seeds of the entry.
        baseline_seeds: Number of seeds of the baseline.
        difference: Mean of the entry minus mean of the baseline.
        low: Lower end of the confidence interval of the difference; None
            where there is no test.
        high: Upper end.
        p: Of Welch's two-sided test that the means are equal; None where
            there is no test.
        p_holm: The same, corrected by Holm's method for all entries that
            are compared with this baseline.
        note: The result in words.
    """

    group: str
    label: str
    baseline: str
    seeds: int
    baseline_seeds: int
    difference: float
    low: float | None
    high: float | None
    p: float | None
    p_holm: float | None
    note: str

    @property
    def name(self) -> str:
        """Group and label."""
        return full_name(self.group, self.label)


def compare_entries(study: Study, collection: Collection) -> list[Comparison]:
    """Test every entry against its baseline.

    Args:
        study: A study with a baseline and a level.
        collection: Its finished runs.

    Returns:
        A comparison for each entry with runs whose baseline has runs too, in
        the order of the study.

    Raises:
        ValueError: The study asks for no tests.
    """
    level = study.analysis.level
    if level is None:
        raise ValueError(
            f'{study.path}: expected significance: LEVEL, found none.'
        )
    found = []
    for entry in study.entries:
        baseline = study.baseline_of(entry)
        if baseline is None or baseline == entry:
            continue
        ours = _values(study, collection, entry)
        theirs = _values(study, collection, baseline)
        if ours and theirs:
            found.append(_compare(entry, baseline, ours, theirs, level))
    return [_noted(item, level) for item in _corrected(found)]


def holm(p_values: Sequence[float]) -> list[float]:
    """Correct p values for their number by Holm's step-down method.

    Args:
        p_values: N p values.

    Returns:
        N corrected ones; those up to a level are the rejections that keep
        the chance of any false one at that level.
    """
    order = np.argsort(p_values, kind='stable')
    corrected = np.empty(len(p_values))
    highest = 0.0
    for rank, index in enumerate(order):
        highest = max(highest, (len(p_values) - rank) * p_values[index])
        corrected[index] = min(1.0, highest)
    return corrected.tolist()


def _values(study: Study, collection: Collection, entry: Entry) -> list[float]:
    main = study.metrics[0].name
    return [row[main] for row in collection.of(entry)]


def _compare(
    entry: Entry,
    baseline: Entry,
    ours: Sequence[float],
    theirs: Sequence[float],
    level: float,
) -> Comparison:
    """Without the correction, and with a note only where nothing is tested."""
    low = high = p = None
    note = ''
    if min(len(ours), len(theirs)) < 2:
        note = f'no test, {_seeds(len(ours), len(theirs))}'
    elif len({*ours}) == len({*theirs}) == 1:
        note = 'no test, seeds do not differ'
    else:
        result = ttest_ind(ours, theirs, equal_var=False)
        interval = result.confidence_interval(1 - level)
        low, high = float(interval.low), float(interval.high)
        p = float(result.pvalue)
    return Comparison(
        entry.group,
        entry.label,
        baseline.name,
        len(ours),
        len(theirs),
        float(np.mean(ours) - np.mean(theirs)),
        low,
        high,
        p,
        None,
        note,
    )


def _corrected(found: Sequence[Comparison]) -> list[Comparison]:
    """Correct over the entries that share a baseline."""
    corrected: dict[int, float] = {}
    for name in dict.fromkeys(item.baseline for item in found):
        tested = {
            index: item.p
            for index, item in enumerate(found)
            if item.baseline == name and item.p is not None
        }
        values = holm(list(tested.values()))
        corrected.update(zip(tested, values, strict=True))
    return [
        replace(item, p_holm=corrected.get(index))
        for index, item in enumerate(found)
    ]


def _noted(item: Comparison, level: float) -> Comparison:
    if item.p_holm is None:
        return item
    negation = '' if item.p_holm <= level else 'not '
    seeds = _seeds(item.seeds, item.baseline_seeds)
    return replace(
        item, note=f'{negation}significant at {level * 100:g} %, {seeds}'
    )


def _seeds(ours: int, theirs: int) -> str:
    return f'n={ours}' if ours == theirs else f'n={ours} and {theirs}'
