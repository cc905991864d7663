"""RetrievalMetric: both directions, masks, what is missing."""

import numpy as np
import pytest
import torch
from mmengine.hooks import LoggerHook
from mmengine.logging import HistoryBuffer
from mmengine.registry import METRICS
from mmpretrain.structures import DataSample
from sklearn.metrics import average_precision_score

from mmvision_ext.evaluation.metrics import RetrievalMetric, retrieval_metric
from mmvision_ext.utils import InputError

N, A = 30, 6


@pytest.fixture
def arrays():
    """Similarities, all negative, labels and mask; no image has the last."""
    rng = np.random.default_rng(0)
    relevant = rng.random((N, A)) < 0.4
    relevant[:, -1] = False
    similarity = rng.random((N, A)) - 2 + 0.3 * relevant
    return similarity.astype(np.float32), relevant, rng.random((N, A)) < 0.8


@pytest.fixture
def logged(monkeypatch):
    lines = []
    monkeypatch.setattr(
        retrieval_metric,
        'print_log',
        lambda message, logger, level: lines.append(message),
    )
    return lines


def to_samples(similarity, relevant, known=None, field='attribute_similarity'):
    samples = []
    for index, row in enumerate(similarity):
        sample = DataSample(metainfo=dict(img_path=f'{index}.jpg'))
        sample.set_field(torch.from_numpy(row), field, dtype=torch.Tensor)
        sample.set_gt_score(torch.from_numpy(relevant[index]).float())
        if known is not None:
            mask = torch.from_numpy(known[index])
            sample.set_field(mask, 'gt_mask', dtype=torch.Tensor)
        samples.append(sample.to_dict())
    return samples


def run(samples, **options):
    metric = METRICS.build(
        dict(type='mmvision_ext.RetrievalMetric', **options)
    )
    metric.process(None, samples)
    return metric.evaluate(len(samples))


def mean_ap(similarity, relevant, known):
    return 100 * np.mean(
        [
            average_precision_score(answers[mask], scores[mask])
            for scores, answers, mask in zip(
                similarity, relevant, known, strict=True
            )
            if (answers & mask).any()
        ]
    )


def test_both_directions_against_scikit_learn(arrays, logged):
    found = run(to_samples(*arrays))
    for direction, parts in (
        ('image_to_attribute', arrays),
        ('attribute_to_image', [array.T for array in arrays]),
    ):
        key = f'retrieval/{direction}'
        assert found[f'{key}_mAP'] == pytest.approx(mean_ap(*parts))
        for name in ('R@1', 'R@5', 'R@10', 'mAP', 'median_rank'):
            assert f'{key}_{name}' in found
            assert found[f'{key}_{name}_chance'] > 0
        count = (parts[1] & parts[2]).any(axis=1).sum()
        assert found[f'{key}_num_queries'] == count
        assert found[f'{key}_num_left_out'] == len(parts[0]) - count
    assert found['retrieval/attribute_to_image_num_left_out'] == 1
    assert [line.split(':')[1].split()[0] for line in logged] == [
        'image_to_attribute',
        'attribute_to_image',
    ]


def test_the_log_has_every_number(arrays):
    for key, value in run(to_samples(*arrays)).items():
        logged = HistoryBuffer([value], [1]).current()
        (written,) = LoggerHook._process_tags({key: logged}).values()
        assert written == value, key


def test_scores_of_any_model(arrays):
    similarity, relevant, known = arrays
    scores = 1 / (1 + np.exp(-similarity))
    samples = to_samples(scores, relevant, known, 'pred_score')
    found = run(samples, similarity='pred_score', prefix='by_score')
    assert found['by_score/attribute_to_image_mAP'] == pytest.approx(
        run(to_samples(*arrays))['retrieval/attribute_to_image_mAP']
    )


def test_unknown_labels_change_nothing(arrays):
    similarity, relevant, known = arrays
    flipped = np.where(known, relevant, ~relevant)
    assert run(to_samples(*arrays)) == run(
        to_samples(similarity, flipped, known)
    )


def test_nan_counts_as_wrong(arrays, logged):
    similarity, relevant, _ = arrays
    broken = np.full_like(similarity, np.nan)
    found = run(to_samples(broken, relevant))
    worst = run(to_samples(-1.0 * relevant, relevant))
    assert found == worst
    assert f'{N} of {N} samples' in logged[0]


def test_what_is_missing_is_named(arrays):
    similarity, relevant, _ = arrays
    samples = to_samples(similarity, relevant, field='pred_score')
    with pytest.raises(InputError, match="similarity='pred_score'"):
        RetrievalMetric().process(None, samples)
    del samples[0]['gt_score']
    with pytest.raises(InputError, match='packs no attributes'):
        RetrievalMetric('pred_score').process(None, samples)
    with pytest.raises(InputError, match=r'\(5,\), \(6,\), \(6,\)'):
        RetrievalMetric().process(
            None, to_samples(similarity[:, :5], relevant)
        )


def test_no_samples_and_no_k():
    with pytest.raises(InputError, match='found 0 samples'):
        RetrievalMetric().compute_metrics([])
    with pytest.raises(InputError, match='numbers from 1'):
        RetrievalMetric(topk=(0, 1))
    with pytest.raises(InputError, match='topk: .* found 5'):
        RetrievalMetric(topk=5)
