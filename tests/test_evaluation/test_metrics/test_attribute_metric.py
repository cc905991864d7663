"""AttributeMetric, its tables and its thresholds."""

import csv
import json
import logging
import os

import numpy as np
import pytest
import torch
from mmengine import dist
from mmengine.hooks import LoggerHook
from mmengine.logging import HistoryBuffer
from mmengine.registry import METRICS
from mmpretrain.structures import DataSample
from sklearn.metrics import average_precision_score

from mmvision_ext.evaluation.metrics import AttributeMetric, attribute_metric
from mmvision_ext.utils import InputError

NAMES = ('red', 'round', 'wood', 'wet', 'alive')
META = dict(
    classes=NAMES,
    attribute_groups=dict(look=('red', 'round', 'wet'), matter=('wood',)),
    protocol='test split of a.txt',
)


@pytest.fixture
def logged(monkeypatch):
    """Collect what the metric logs, with levels."""
    lines = []
    monkeypatch.setattr(
        attribute_metric,
        'print_log',
        lambda message, logger, level: lines.append((message, level)),
    )
    return lines


def draw(count=40, seed=0):
    """Scores (N, 5), targets and mask; nothing is 'alive'."""
    rng = np.random.default_rng(seed)
    targets = rng.random((count, 5)) < (0.6, 0.4, 0.3, 0.2, 0)
    scores = (rng.random((count, 5)) * 0.7 + 0.3 * targets).round(2)
    return scores.astype(np.float32), targets, rng.random((count, 5)) < 0.8


def to_samples(scores, targets, mask=None, folder='/data/test'):
    samples = []
    for index in range(len(scores)):
        sample = DataSample(
            metainfo=dict(img_path=f'{folder}/{index // 2}.jpg', ann_id=index)
        )
        sample.set_pred_score(torch.from_numpy(scores[index]))
        sample.set_gt_score(torch.tensor(targets[index]).float())
        if mask is not None:
            known = torch.from_numpy(mask[index])
            sample.set_field(known, 'gt_mask', dtype=torch.Tensor)
        samples.append(sample.to_dict())
    return samples


def run(samples, meta=META, **kwargs):
    metric = AttributeMetric(topk=2, **kwargs)
    metric.dataset_meta = meta
    metric.process(None, samples)
    return metric.evaluate(len(samples))


def aps(scores, targets, mask):
    """scikit-learn's average precision of the four attributes seen."""
    return [
        100 * average_precision_score(targets[m, a], scores[m, a])
        for a, m in zip(range(4), mask.T, strict=False)
    ]


def test_keys_and_values():
    scores, targets, mask = draw()
    metric = METRICS.build(dict(type='mmvision_ext.AttributeMetric', topk=2))
    metric.dataset_meta = META
    metric.process(None, to_samples(scores, targets, mask))
    results = metric.evaluate(40)
    expected = np.array(aps(scores, targets, mask))
    assert results['attributes/mAP'] == pytest.approx(expected.mean())
    look, matter = expected[[0, 1, 3]].mean(), expected[2]
    assert results['attributes/mAP_look'] == pytest.approx(look)
    assert results['attributes/mAP_matter'] == pytest.approx(matter)
    negative = 100 * (1 - targets[mask].mean())
    found = results['attributes/accuracy_all_negative']
    assert found == pytest.approx(negative)
    right = 100 * ((scores >= 0.5) == targets)[mask].mean()
    assert results['attributes/accuracy'] == pytest.approx(right)
    assert results['attributes/num_with_positives'] == 4
    assert results['attributes/num_with_negatives'] == 5
    assert results['attributes/num_known'] == mask.sum()
    for key in (
        *('mAP_chance', 'mR@2', 'mA', 'F1@2', 'AUROC', 'OP', 'OR', 'OF1'),
        *('CP', 'CR', 'CF1', 'mAP_head', 'mAP_tail_chance'),
    ):
        assert 0 < results[f'attributes/{key}'] < 100
    assert not any(key.endswith('_calibrated') for key in results)


def test_without_mask_every_entry_counts():
    scores, targets, _ = draw()
    everything = np.ones(targets.shape, bool)
    results = run(to_samples(scores, targets))
    assert results == run(to_samples(scores, targets, everything))


def test_masked_entries_change_nothing_but_the_top():
    scores, targets, mask = draw()
    first = run(to_samples(scores, targets, mask))
    targets = np.where(mask, targets, ~targets)
    scores = np.where(mask, scores, 0).astype(np.float32)
    second = run(to_samples(scores, targets, mask))
    changed = [key for key in first if first[key] != second[key]]
    assert changed == ['attributes/mR@2', 'attributes/F1@2']


def test_one_line_has_chance_beside_each(logged):
    results = run(to_samples(*draw()))
    ((line, _),) = logged
    accuracy = results['attributes/accuracy']
    negative = results['attributes/accuracy_all_negative']
    assert f'accuracy {accuracy:.2f} % (all-negative {negative:.2f} %)' in line
    assert f'(chance {results["attributes/mAP_chance"]:.2f} %)' in line
    assert '4 of 5 attributes with positives' in line
    assert line.endswith('protocol: test split of a.txt')


def test_scores_that_are_no_numbers_are_wrong_and_warned_of(logged):
    targets = np.array([[1, 0, 1, 0, 0]] * 4)
    scores = targets.astype(np.float32)
    scores[1] = np.nan
    results = run(to_samples(scores, targets))
    assert results['attributes/accuracy'] == 75
    assert results['attributes/CR'] == 75
    message, level = logged[0]
    assert '1 of 4 samples have scores that are nan' in message
    assert level == logging.WARNING


def test_tables(tmp_path):
    scores, targets, mask = draw()
    run(to_samples(scores, targets, mask), out_dir=str(tmp_path / 'new'))
    with (tmp_path / 'new' / 'attributes.csv').open() as file:
        rows = list(csv.DictReader(file))
    assert [row['attribute'] for row in rows] == list(NAMES)
    assert [row['group'] for row in rows] == [
        *('look', 'look', 'matter', 'look', '')
    ]
    assert [int(row['positives']) for row in rows] == list(
        (targets & mask).sum(0)
    )
    np.testing.assert_allclose(
        [100 * float(row['AP']) for row in rows[:4]],
        aps(scores, targets, mask),
        atol=1e-4,
    )
    assert rows[4]['AP'] == rows[4]['F1'] == ''
    text = (tmp_path / 'new' / 'attributes.md').read_text()
    assert 'test split of a.txt. 4 of 5 attributes have positives' in text
    names = [
        [
            line.split('|')[1].strip()
            for line in section.splitlines()
            if line.startswith('| ') and 'group' not in line
        ]
        for section in text.split('\n## ')
    ]
    order = np.argsort(aps(scores, targets, mask))[::-1]
    assert names[3] == [NAMES[index] for index in order]
    assert names[4] == names[3][::-1]
    assert names[5] == list(NAMES)


def calibrated_file(tmp_path, folder='/data/val', **changes):
    path = tmp_path / 'thresholds.json'
    scores, targets, mask = draw(60, seed=1)
    run(
        to_samples(scores, targets, mask, folder),
        {**META, 'protocol': '10% of the images of the training split'},
        save_thresholds=str(path),
    )
    if changes:
        content = json.loads(path.read_text())
        path.write_text(json.dumps(content | changes))
    return str(path)


def test_thresholds_come_from_the_file(tmp_path):
    path = calibrated_file(tmp_path)
    content = json.loads(open(path).read())
    assert content['uncalibrated'] == ['alive']
    assert content['thresholds']['alive'] == 0.5
    assert len(content['samples']) == 60
    assert content['samples'][0] == 'val/0.jpg#0'
    scores, targets, mask = draw()
    results = run(to_samples(scores, targets, mask), thresholds=path)
    values = [content['thresholds'][name] for name in NAMES]
    decided = scores >= np.array(values)
    right = 100 * (decided == targets)[mask].mean()
    assert results['attributes/accuracy_calibrated'] == pytest.approx(right)
    assert right != pytest.approx(results['attributes/accuracy'])
    plain = run(to_samples(scores, targets, mask))
    assert plain == {k: v for k, v in results.items() if k in plain}


def test_thresholds_are_the_best_on_their_own_data(tmp_path):
    scores, targets, mask = draw(60, seed=1)
    path = calibrated_file(tmp_path)
    renamed = to_samples(scores, targets, mask, '/data/elsewhere')
    results = run(renamed, thresholds=path)
    assert results['attributes/CF1_calibrated'] > results['attributes/CF1'] + 1


def test_thresholds_of_the_data_evaluated_are_refused(tmp_path):
    path = calibrated_file(tmp_path)
    samples = to_samples(*draw(60, seed=1), '/other/machine/val')
    with pytest.raises(InputError, match="found that 'val/0.jpg#0' is one"):
        run(samples, thresholds=path)
    path = calibrated_file(tmp_path, protocol=META['protocol'])
    with pytest.raises(InputError, match='chosen on other data .*very data'):
        run(to_samples(*draw()), thresholds=path)


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        (dict(thresholds={'red': 1.5}), r"\['red'\].*0 to 1, found 1.5"),
        (dict(thresholds={'red': 'a'}), "number .*found 'a'"),
        (dict(thresholds=[0.5]), "dict 'thresholds', found list"),
        (dict(samples=[]), 'nothing shows on which data'),
        (dict(samples=None), "list 'samples', found NoneType"),
        (dict(thresholds={'rde': 0.5}), "none for 'red'; did you mean 'rde'"),
    ],
)
def test_malformed_files_are_refused(tmp_path, changes, message):
    path = calibrated_file(tmp_path, **changes)
    with pytest.raises(InputError, match=message):
        run(to_samples(*draw()), thresholds=path)


def test_missing_and_contradictory_files_are_refused(tmp_path):
    with pytest.raises(InputError, match='found none at .*no.json'):
        AttributeMetric(thresholds=str(tmp_path / 'no.json'))
    (tmp_path / 'no.json').write_text('{')
    with pytest.raises(InputError, match='expected JSON'):
        AttributeMetric(thresholds=str(tmp_path / 'no.json'))
    with pytest.raises(InputError, match='found both'):
        AttributeMetric(thresholds='a.json', save_thresholds='b.json')


def test_samples_without_a_name_cannot_be_calibrated(tmp_path):
    samples = to_samples(*draw())
    del samples[0]['img_path']
    run(samples)
    with pytest.raises(InputError, match='expected img_path'):
        run(samples, {}, save_thresholds=str(tmp_path / 'a.json'))


@pytest.mark.parametrize(
    ('protocol', 'refused'),
    [
        ('test split of a.txt', True),
        ('test of 100 images of b.json', True),
        ('a part (indices) of: test split of a.txt', True),
        ('10% of the images of the training split of test.txt', False),
        ('val of 100 images of test.json', False),
        ('', False),
    ],
)
def test_thresholds_are_not_chosen_on_the_test_split(
    tmp_path, protocol, refused
):
    path = tmp_path / 'a.json'
    metric = AttributeMetric(topk=2, save_thresholds=str(path))
    metric.dataset_meta = META | dict(protocol=protocol)
    samples = to_samples(*draw())
    if refused:  # by the first batch, not after hours
        message = 'expected validation data.*dataset.split=val'
        with pytest.raises(InputError, match=message):
            metric.process(None, samples)
    else:
        metric.process(None, samples)
        metric.evaluate(len(samples))
    assert path.exists() != refused


def test_the_log_has_every_number(tmp_path):
    results = run(to_samples(*draw()))
    for key, value in results.items():
        logged = HistoryBuffer([value], [1]).current()
        (written,) = LoggerHook._process_tags({key: logged}).values()
        assert written == pytest.approx(value, nan_ok=True), key


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (lambda s: s.pop('pred_score'), '0.jpg: expected pred_score'),
        (lambda s: s.pop('gt_score'), '0.jpg: expected gt_score'),
        (
            lambda s: s.update(pred_score=torch.zeros(4)),
            r'0.jpg: .*one shape .*\(4,\), \(5,\), \(5,\)',
        ),
        (
            lambda s: s.update(pred_score=torch.full((5,), -3.0)),
            'probabilities from 0 to 1, found -3.0 .*sigmoid',
        ),
    ],
)
def test_wrong_samples_are_refused(change, message):
    samples = to_samples(*draw(), folder='/data/test')
    change(samples[0])
    with pytest.raises(InputError, match=message):
        run(samples)


def test_counts_of_attributes_have_to_agree():
    with pytest.raises(InputError, match='5 attributes.*num_classes=2'):
        run(to_samples(*draw()), dict(classes=('a', 'b')))
    scores, targets, mask = draw()
    mixed = to_samples(scores, targets, mask) + to_samples(
        scores[:, :4], targets[:, :4], mask[:, :4]
    )
    with pytest.raises(InputError, match='same number .*found 4 and 5'):
        run(mixed)
    with pytest.raises(InputError, match='expected samples, found none'):
        run([])


def test_names_and_groups_are_optional():
    results = run(to_samples(*draw()), {})
    assert 'attributes/mAP_tail' in results
    assert 'attributes/mAP_look' not in results


def _evaluate_part(rank, world_size, folder, samples):
    """Evaluate every second sample in one of two processes."""
    os.chdir(folder)
    torch.distributed.init_process_group(
        'gloo',
        init_method=f'file://{folder}/rendezvous',
        rank=rank,
        world_size=world_size,
    )
    metric = AttributeMetric(topk=2, out_dir=f'{folder}/{rank}')
    metric.dataset_meta = META
    padded = [*samples, samples[0]]  # as a distributed sampler pads
    metric.process(None, padded[rank::world_size])
    results = metric.evaluate(len(samples))
    dist.barrier()
    torch.save(results, f'{folder}/{rank}.pth')
    torch.distributed.destroy_process_group()


def test_two_processes_give_the_result_of_one(tmp_path):
    samples = to_samples(*draw(41))
    expected = run(samples)
    torch.multiprocessing.start_processes(
        _evaluate_part,
        (2, str(tmp_path), samples),
        nprocs=2,
        start_method='fork',  # a spawned process imports for seconds
    )
    for rank in range(2):
        results = torch.load(tmp_path / f'{rank}.pth', weights_only=True)
        assert results == expected
    assert (tmp_path / '0').is_dir() and not (tmp_path / '1').exists()


def test_a_group_named_as_a_third_is_refused():
    metric = AttributeMetric(topk=2)
    groups = dict(tail=('red',), look=('round',))
    metric.dataset_meta = META | dict(attribute_groups=groups)
    with pytest.raises(InputError, match="thirds of .* found 'tail'"):
        metric.process(None, [])
