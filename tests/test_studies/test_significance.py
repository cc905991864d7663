"""Welch's test and Holm's correction against arithmetic done by hand."""

import csv
import math
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from mmvision_ext.studies.collect import collect
from mmvision_ext.studies.plan import plan_runs
from mmvision_ext.studies.significance import compare_entries, holm
from mmvision_ext.studies.study_runner import collect_study

VALUES = np.array(
    [[60.0, 61, 63], [66, 66.5, 68], [70, 71, 70.5], [72, 79, 0]]
)


def _welch(ours, theirs, level: float = 0.05) -> tuple[float, float, float]:
    """p and interval by the formulas of Welch and Satterthwaite."""
    parts = [np.var(x, ddof=1) / len(x) for x in (ours, theirs)]
    error = math.sqrt(sum(parts))
    freedom = sum(parts) ** 2 / sum(
        part**2 / (len(x) - 1)
        for part, x in zip(parts, (ours, theirs), strict=True)
    )
    difference = np.mean(ours) - np.mean(theirs)
    p = 2 * stats.t.sf(abs(difference) / error, freedom)
    half = stats.t.ppf(1 - level / 2, freedom) * error
    return p, difference - half, difference + half


@pytest.fixture
def study(write, content: dict):
    """The study of two groups, with tests."""
    return write({**content, 'significance': 0.05})


@pytest.fixture
def runs(study, finish, tmp_path: Path):
    """Its runs, but the last."""
    runs = plan_runs(study, tmp_path / 'runs')
    for run, value in zip(runs[:11], VALUES.reshape(-1), strict=False):
        finish(run, [float(value)])
    return runs


def test_numbers_agree_with_the_formulas(study, runs) -> None:
    first, second = compare_entries(study, collect(study, runs))
    for item, ours, theirs in (
        (first, VALUES[1], VALUES[0]),
        (second, VALUES[3, :2], VALUES[2]),
    ):
        p, low, high = _welch(ours, theirs)
        assert item.p == pytest.approx(p)
        assert (item.low, item.high) == pytest.approx((low, high))
        assert item.difference == pytest.approx(ours.mean() - theirs.mean())
        assert item.p_holm == item.p  # one comparison a group
    assert first.name == 'Net A: two-phase'
    assert first.baseline == 'Net A: scratch'
    assert first.note == 'significant at 5 %, n=3'
    assert second.note == 'not significant at 5 %, n=2 and 3'


def test_all_against_one_baseline_are_corrected_together(
    write, content: dict, finish, tmp_path: Path
) -> None:
    content['configs'][0]['configs'][0]['label'] = 'plain'
    study = write({**content, 'baseline': 'plain', 'significance': 0.01})
    runs = plan_runs(study, tmp_path / 'runs')
    for run, value in zip(runs, VALUES.reshape(-1), strict=True):
        finish(run, [float(value)])
    found = compare_entries(study, collect(study, runs))
    p_values = [_welch(ours, VALUES[0])[0] for ours in VALUES[1:]]
    assert [item.p for item in found] == pytest.approx(p_values)
    assert [item.p_holm for item in found] == pytest.approx(holm(p_values))
    assert found[0].p_holm > found[0].p
    assert found[0].high == pytest.approx(
        _welch(VALUES[1], VALUES[0], 0.01)[2]
    )
    assert found[0].note == 'not significant at 1 %, n=3'


@pytest.mark.parametrize('seed', range(5))
def test_holm_is_the_closed_bonferroni_test(seed: int) -> None:
    """The highest Bonferroni p over all subsets that hold a hypothesis."""
    p_values = np.random.default_rng(seed).uniform(0, 0.4, 5)
    subsets = [
        set(chosen)
        for size in range(1, 6)
        for chosen in combinations(range(5), size)
    ]
    expected = [
        max(
            min(1.0, len(chosen) * min(p_values[i] for i in chosen))
            for chosen in subsets
            if index in chosen
        )
        for index in range(5)
    ]
    assert holm(p_values.tolist()) == pytest.approx(expected)


def test_what_cannot_be_tested(write, content, finish, tmp_path) -> None:
    study = write({**content, 'significance': 0.05})
    runs = plan_runs(study, tmp_path / 'runs')
    for run in runs[:4]:  # one seed of the second entry
        finish(run, [50.0])
    for run in runs[6:]:  # all the same
        finish(run, [60.0])
    first, second = compare_entries(study, collect(study, runs))
    assert first.note == 'no test, n=1 and 3'
    assert second.note == 'no test, seeds do not differ'
    assert first.p is None and second.p_holm is None and second.low is None


def test_tables(study, runs, tmp_path: Path) -> None:
    lines = collect_study(study, runs)
    results = tmp_path / 'results'
    for suffix in ('csv', 'md', 'tex'):
        assert str(results / f'significance.{suffix}') in lines
    with (results / 'significance.csv').open(newline='') as file:
        rows = list(csv.DictReader(file))
    p, low, _ = _welch(VALUES[1], VALUES[0])
    assert float(rows[0]['p']) == pytest.approx(p)
    assert float(rows[0]['low']) == pytest.approx(low)
    text = (results / 'significance.md').read_text()
    assert f'{p:.3g}' in text and '95 % interval' in text
    assert 'significant at 5 %, n=3' in text
    source = (results / 'significance.tex').read_text()
    table = source[source.index(r'\toprule') :]
    assert not {'%', '_', '−'} & set(table.replace(r'\%', ''))


def test_a_study_without_tests(write, content: dict, runs) -> None:
    with pytest.raises(ValueError, match='expected significance: LEVEL'):
        compare_entries(write(content), collect(write(content), runs))
