from mmvision_ext.benchmarks.attribute_metric import (
    compare_measures,
    random_arrays,
)


def test_both_ways_give_the_same():
    row = compare_measures(400, 6, known=0.8, repeats=1)
    assert row.what == '400 samples, 6 attributes, 80% known'
    assert row.ours > 0 and row.peer > 0
    assert float(row.difference.removeprefix('any measure to ')) < 1e-6


def test_arrays_are_known_in_part_and_positives_are_rare():
    scores, targets, mask = random_arrays(400, 6, known=0.8)
    assert scores.shape == targets.shape == mask.shape == (400, 6)
    assert 0.7 < mask.mean() < 0.9 and 0.01 < targets.mean() < 0.3
    assert scores[targets == 1].mean() > scores[targets == 0].mean()
