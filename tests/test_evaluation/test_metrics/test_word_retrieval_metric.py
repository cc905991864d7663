"""WordRetrievalMetric against RetrievalMetric on one-hot labels."""

import pytest
import torch
from mmengine.registry import METRICS
from mmpretrain.structures import DataSample

from mmvision_ext.evaluation.metrics import RetrievalMetric
from mmvision_ext.utils import InputError

LABELS = [0, 2, 1, 2, 0]


def samples(count: int = 3) -> list[dict]:
    generator = torch.Generator().manual_seed(0)
    found = []
    for label in LABELS:
        sample = DataSample(metainfo=dict(img_path='a.jpg'))
        sample.set_gt_label(label)
        cosines = torch.rand(count, generator=generator)
        sample.set_field(cosines, 'word_similarity', dtype=torch.Tensor)
        found.append(sample.to_dict())
    return found


def test_it_is_retrieval_of_one_word_an_image() -> None:
    metric = METRICS.build(
        dict(type='mmvision_ext.WordRetrievalMetric', topk=(1, 2))
    )
    metric.process(None, samples())
    found = metric.evaluate(len(LABELS))
    other = RetrievalMetric('word_similarity', topk=(1, 2))
    one_hot = torch.eye(3)[LABELS]
    other.process(
        None,
        [
            {**sample, 'gt_score': row}
            for sample, row in zip(samples(), one_hot, strict=True)
        ],
    )
    expected = {
        key.replace('attribute', 'word'): value
        for key, value in other.evaluate(len(LABELS)).items()
    }
    assert found == expected
    assert 'retrieval/image_to_word_R@1' in found
    nearest = [int(s['word_similarity'].argmax()) for s in samples()]
    right = sum(a == b for a, b in zip(nearest, LABELS, strict=True))
    assert found['retrieval/image_to_word_R@1'] == 100 * right / len(LABELS)


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (dict(word_similarity=None), 'expected word_similarity, found none'),
        (dict(gt_label=None), 'expected gt_label, found none'),
        (dict(gt_label=torch.tensor([3])), 'label below 3, .* found 3'),
    ],
)
def test_what_is_missing_is_named(change: dict, message: str) -> None:
    metric = METRICS.build(dict(type='mmvision_ext.WordRetrievalMetric'))
    with pytest.raises(InputError, match=message):
        metric.process(None, [{**samples()[0], **change}])
