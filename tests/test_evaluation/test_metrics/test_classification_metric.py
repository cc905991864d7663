import os

import numpy as np
import pytest
import torch
from mmengine import dist
from mmengine.evaluator import Evaluator
from mmengine.registry import METRICS
from mmpretrain.structures import DataSample
from sklearn.metrics import balanced_accuracy_score, top_k_accuracy_score

from mmvision_ext.evaluation.metrics import (
    ClassificationMetric,
    classification_metric,
)
from mmvision_ext.structures import ClassificationBatch
from mmvision_ext.utils import InputError

NAMES = ('ant', 'bee', 'cat', 'dog', 'emu', 'fox', 'gnu')
PROTOCOL = '15 train images a class, seed 0, at most 50 test images a class'


@pytest.fixture
def logged(monkeypatch):
    """Collect what the metric logs."""
    messages = []
    monkeypatch.setattr(
        classification_metric,
        'print_log',
        lambda message, logger, level: messages.append(message),
    )
    return messages


def draw(count=41, seed=0):
    """Probabilities (N, 7), right about half the time, and labels (N,)."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, len(NAMES), count)
    logits = rng.normal(size=(count, len(NAMES)))
    logits[np.arange(count), labels] += 1.2
    scores = torch.from_numpy(logits).float().softmax(1)
    return scores, labels


def to_samples(scores, labels):
    return [
        DataSample().set_gt_label(int(label)).set_pred_score(score).to_dict()
        for score, label in zip(scores, labels, strict=True)
    ]


def run(metric, samples, meta=None):
    metric.dataset_meta = (
        dict(classes=NAMES, protocol=PROTOCOL) if meta is None else meta
    )
    metric.process(None, samples)
    return metric.evaluate(len(samples))


def test_equals_scikit_learn():
    scores, labels = draw()
    metric = METRICS.build(
        dict(type='mmvision_ext.ClassificationMetric', topk=(1, 5))
    )
    results = run(metric, to_samples(scores, labels))
    assert list(results) == [
        'accuracy/top1',
        'accuracy/top5',
        'accuracy/mean_class',
    ]
    expected = [
        top_k_accuracy_score(labels, scores, k=1),
        top_k_accuracy_score(labels, scores, k=5),
        balanced_accuracy_score(labels, scores.argmax(1)),
    ]
    np.testing.assert_allclose(
        list(results.values()), 100 * np.array(expected)
    )
    assert results['accuracy/top1'] != results['accuracy/mean_class']


def test_mean_is_over_the_classes_that_occur(logged):
    scores = torch.eye(7)[[0, 0, 1, 4]]
    results = run(
        ClassificationMetric(topk=1), to_samples(scores, [0, 0, 0, 4])
    )
    assert results['accuracy/top1'] == 75
    assert results['accuracy/mean_class'] == pytest.approx(
        100 * (2 / 3 + 1) / 2
    )
    assert '4 images of 2 of 7 classes' in logged[0]


def test_one_line_with_chance_and_protocol(logged):
    run(ClassificationMetric(), to_samples(*draw(70)))
    (line,) = logged
    assert line.endswith(f'; 70 images of 7 classes; protocol: {PROTOCOL}')
    assert '% (chance 14.29 %), top-5 ' in line
    assert '% (chance 71.43 %), mean per-class ' in line


def test_a_protocol_that_is_not_stated_says_so(logged):
    run(ClassificationMetric(), to_samples(*draw()), meta=dict(classes=NAMES))
    assert logged[0].endswith('protocol: not stated')


def test_scores_that_are_no_numbers_are_wrong_and_warned_of(logged):
    scores, labels = torch.eye(7)[:4].clone(), range(4)
    scores[1] = float('nan')
    results = run(ClassificationMetric(), to_samples(scores, labels))
    assert results['accuracy/top1'] == 75
    assert 'scores of 1 of 4 images are nan' in logged[1]


def test_no_images_are_undefined_and_warned_of(logged):
    assert np.isnan(list(run(ClassificationMetric(), []).values())).all()
    assert 'no images' in logged[0]


def test_results_are_cleared_between_evaluations():
    metric = ClassificationMetric(topk=1)
    hit = to_samples(torch.eye(7)[[0]], [0])
    miss = to_samples(torch.eye(7)[[0]], [1])
    assert run(metric, hit)['accuracy/top1'] == 100
    assert run(metric, miss)['accuracy/top1'] == 0


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (
            lambda sample: sample.pop('pred_score'),
            'expected pred_score',
        ),
        (lambda sample: sample.pop('gt_label'), 'expected gt_label'),
        (
            lambda sample: sample.update(gt_label=torch.tensor([0, 1])),
            'expected one label, found 2',
        ),
    ],
)
def test_incomplete_samples_are_refused(change, message):
    (sample,) = to_samples(torch.eye(7)[[0]], [0])
    sample['img_path'] = 'a.jpg'
    change(sample)
    with pytest.raises(InputError, match=f'a.jpg: {message}'):
        run(ClassificationMetric(), [sample])


def test_class_counts_have_to_agree():
    samples = to_samples(torch.eye(7)[[0]], [0])
    with pytest.raises(InputError, match='7 classes, .*num_classes=2'):
        run(ClassificationMetric(), samples, dict(classes=('a', 'b')))
    samples = to_samples(torch.eye(7)[[0]], [7])
    with pytest.raises(InputError, match='class index 7, .*classes 0 to 6'):
        run(ClassificationMetric(), samples)


@pytest.mark.parametrize('topk', [(), 0, (1, -1)])
def test_wrong_topk_is_refused(topk):
    with pytest.raises(InputError, match='positive numbers'):
        ClassificationMetric(topk=topk)


def test_topk_of_all_classes_is_refused():
    with pytest.raises(InputError, match='1 to 6 for 7 classes, found 7'):
        run(ClassificationMetric(topk=(1, 7)), to_samples(*draw()))


def _evaluate_part(rank, world_size, folder, samples):
    """Evaluate every second image in one of two processes."""
    os.chdir(folder)
    torch.distributed.init_process_group(
        'gloo',
        init_method=f'file://{folder}/rendezvous',
        rank=rank,
        world_size=world_size,
    )
    evaluator = Evaluator([ClassificationMetric()])
    evaluator.dataset_meta = dict(classes=NAMES)
    padded = [*samples, samples[0]]  # as a distributed sampler pads
    for sample in padded[rank::world_size]:
        evaluator.metrics[0].process(None, [sample])
    results = evaluator.evaluate(len(samples))
    dist.barrier()
    torch.save(results, f'{folder}/{rank}.pth')
    torch.distributed.destroy_process_group()


def test_two_processes_give_the_result_of_one(tmp_path):
    samples = to_samples(*draw(41))
    expected = run(ClassificationMetric(), samples)
    torch.multiprocessing.start_processes(
        _evaluate_part,
        (2, str(tmp_path), samples),
        nprocs=2,
        start_method='fork',  # a spawned process imports for seconds
    )
    assert 0 < expected['accuracy/top1'] < 100
    for rank in range(2):
        results = torch.load(tmp_path / f'{rank}.pth', weights_only=True)
        assert results == expected


def to_batches(scores, labels, positions=None, size=9):
    """The same images, ``size`` of them in each ClassificationBatch."""
    if positions is None:
        positions = range(len(labels))
    return [
        ClassificationBatch(
            pred_score=scores[start : start + size],
            gt_label=torch.as_tensor(labels[start : start + size]),
            sample_idx=torch.as_tensor(list(positions)[start : start + size]),
        ).to_dict()
        for start in range(0, len(labels), size)
    ]


def test_batches_give_the_result_of_their_images():
    scores, labels = draw(41)
    scores[3] = float('nan')
    scores[4] = 1 / 7  # ties
    expected = run(ClassificationMetric(), to_samples(scores, labels))
    assert run(ClassificationMetric(), to_batches(scores, labels)) == expected


def test_batches_stay_tensors_until_the_end():
    metric = ClassificationMetric()
    batches = to_batches(*draw(20))
    metric.process(
        None, [{k: v.to('meta') for k, v in item.items()} for item in batches]
    )  # nothing can be read back from the meta device
    assert all(item.columns.is_meta for item in metric.results)


@pytest.mark.parametrize('key', ['gt_label', 'sample_idx'])
def test_incomplete_batches_are_refused(key):
    (batch,) = to_batches(torch.eye(7)[[0]], [0])
    del batch[key]
    with pytest.raises(InputError, match=f'Batch: expected {key}'):
        run(ClassificationMetric(), [batch])


def test_labels_of_batches_have_to_be_classes():
    batches = to_batches(torch.eye(7)[[0]], [7])
    with pytest.raises(InputError, match='class index 7, .*classes 0 to 6'):
        run(ClassificationMetric(), batches)


def _evaluate_batches(rank, world_size, folder, scores, labels):
    """Evaluate every second image in one of two processes, in batches."""
    os.chdir(folder)
    torch.distributed.init_process_group(
        'gloo',
        init_method=f'file://{folder}/rendezvous',
        rank=rank,
        world_size=world_size,
    )
    count = len(labels)
    order = [*range(count), 0, 1, 2][rank::world_size]  # padded
    metric = ClassificationMetric()
    metric.dataset_meta = dict(classes=NAMES)
    metric.process(
        None, to_batches(scores[order], labels[order], order, size=5)
    )
    results = metric.evaluate(count)
    dist.barrier()
    torch.save(results, f'{folder}/{rank}.pth')
    torch.distributed.destroy_process_group()


def test_padding_of_two_processes_does_not_count_twice(tmp_path):
    scores, labels = draw(41, seed=3)
    scores[:3] = torch.eye(7)[labels[:3]]  # would count twice, as hits
    expected = run(ClassificationMetric(), to_batches(scores, labels))
    torch.multiprocessing.start_processes(
        _evaluate_batches,
        (2, str(tmp_path), scores, labels),
        nprocs=2,
        start_method='fork',  # a spawned process imports for seconds
    )
    assert 0 < expected['accuracy/top1'] < 100
    for rank in range(2):
        results = torch.load(tmp_path / f'{rank}.pth', weights_only=True)
        assert results == expected
