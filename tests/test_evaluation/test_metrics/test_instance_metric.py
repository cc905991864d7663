import os

import numpy as np
import pytest
import torch
from mmengine import dist
from mmengine.evaluator import Evaluator
from mmengine.registry import DATASETS as ROOT_DATASETS
from mmengine.registry import METRICS as ROOT_METRICS
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData

from mmvision_ext.evaluation.metrics import (
    CocoInstanceMetric,
    VOCInstanceMetric,
)
from mmvision_ext.testing import SHAPE_CLASSES
from mmvision_ext.utils import InputError

A, FAR = [0, 0, 20, 20], [60, 40, 90, 70]
BOTH = [VOCInstanceMetric, CocoInstanceMetric]
NAMES = ('ant', 'bee', 'cat', 'dog')


def run(metric, samples, names=NAMES):
    metric.dataset_meta = dict(classes=names)
    for sample in samples:
        metric.process(data_batch=None, data_samples=[sample])
    return metric.evaluate(len(samples))


@pytest.mark.parametrize('name', ['VOCInstanceMetric', 'CocoInstanceMetric'])
def test_type_resolves_from_the_root_registry(name):
    metric = ROOT_METRICS.build(
        dict(type=f'mmvision_ext.{name}', metric='bbox')
    )
    assert metric.kinds == ('bbox',)


@pytest.mark.parametrize('metric_type', BOTH)
def test_no_predictions_give_zero_and_a_warning(
    metric_type, make_record, to_sample, logged
):
    samples = [to_sample(make_record([(A, 0)]))] * 3
    results = run(metric_type(), samples)
    main = [value for key, value in results.items() if key.endswith('50')]
    assert main == [0.0, 0.0]
    assert any('3 images: the model predicted nothing' in m for m in logged)


@pytest.mark.parametrize('metric_type', BOTH)
@pytest.mark.parametrize('gt', [[], [(A, 0, True)]])
def test_nothing_to_find_is_undefined_and_warned_of(
    metric_type, gt, make_record, to_sample, logged
):
    samples = [to_sample(make_record(gt, [(A, 0, 0.9)]))]
    results = run(metric_type(), samples)
    assert results and np.isnan(list(results.values())).all()
    assert any('no object that is not ignored' in m for m in logged)


@pytest.mark.parametrize('metric_type', BOTH)
def test_no_images_do_not_crash(metric_type, logged):
    assert np.isnan(list(run(metric_type(), []).values())).all()
    assert any('0 images: the model predicted nothing' in m for m in logged)


@pytest.mark.parametrize('metric_type', BOTH)
def test_one_table_with_every_class(
    metric_type, make_record, to_sample, logged
):
    gt = [(A, 0), (FAR, 1, True), (FAR, 2, True)]
    samples = [to_sample(make_record(gt, [(A, 0, 0.9)]))]
    run(metric_type(), samples)
    (table,) = logged
    assert '1 images; 2 more objects are ignored' in table
    for text in [*NAMES, 'objects', 'mean', 'nan', '1.000']:
        assert text in table


@pytest.mark.parametrize('metric_type', BOTH)
def test_images_of_equal_id_are_kept_apart(
    metric_type, make_record, to_sample
):
    # Concatenated data sets number their images alike.
    hit = make_record([(A, 0)], [(A, 0, 0.9)], img_id=5)
    empty = make_record([], [], img_id=5)
    results = run(metric_type(), [to_sample(hit), to_sample(empty)])
    assert [v for k, v in results.items() if k.endswith('50')] == [1, 1]


@pytest.mark.parametrize('metric_type', BOTH)
def test_results_are_cleared_between_evaluations(
    metric_type, make_record, to_sample
):
    metric = metric_type()
    good = to_sample(make_record([(A, 0)], [(A, 0, 0.9)]))
    bad = to_sample(make_record([(A, 0)], [(A, 1, 0.9)]))
    key = next(key for key in run(metric, [good]) if key.endswith('50'))
    assert run(metric, [bad])[key] == 0
    assert run(metric, [good])[key] == 1


@pytest.mark.parametrize('metric_type', BOTH)
@pytest.mark.parametrize(
    ('gt', 'found', 'side'),
    [
        ([(A, 0)], [(A, 4, 0.9)], 'model predicted class index 4'),
        ([(A, 7)], [], 'ground truth has class index 7'),
    ],
)
def test_unknown_class_is_refused(
    metric_type, gt, found, side, make_record, to_sample
):
    with pytest.raises(InputError, match=side + '.*num_classes=4'):
        run(metric_type(), [to_sample(make_record(gt, found))])


@pytest.mark.parametrize('metric_type', BOTH)
def test_missing_class_names_are_refused(metric_type, make_record, to_sample):
    metric = metric_type()
    metric.process(None, [to_sample(make_record([(A, 0)]))])
    with pytest.raises(InputError, match=r"dataset_meta\['classes'\]"):
        metric.evaluate(1)


@pytest.mark.parametrize('metric_type', BOTH)
@pytest.mark.parametrize('metric', ['mask', [], ['bbox', 'proposal']])
def test_unknown_metric_is_refused(metric_type, metric):
    with pytest.raises(InputError, match="'bbox', 'segm'"):
        metric_type(metric=metric)


def test_boxes_alone_need_no_masks(make_record, to_sample):
    sample = to_sample(make_record([(A, 0)], [(A, 0, 0.9)]), with_masks=False)
    results = run(VOCInstanceMetric(metric='bbox'), [sample])
    assert results == {'voc/bbox_AP50': 1.0}


PIPELINE = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(300, 200), keep_ratio=True),
    dict(type='LoadAnnotations', with_bbox=True, with_mask=True),
    dict(
        type='PackDetInputs',
        meta_keys=('img_id', 'img_path', 'ori_shape', 'img_shape'),
    ),
]


@pytest.mark.parametrize('devkit', ['shapes', 'real'])
def test_annotations_of_a_devkit_score_one_as_detections(devkit, request):
    if devkit == 'shapes':
        root = request.getfixturevalue('shapes_root') / 'VOC2012'
        setting = dict(metainfo=dict(classes=SHAPE_CLASSES))
    else:
        root, setting = request.getfixturevalue('voc_cut'), {}
    init_default_scope('mmdet')
    dataset = ROOT_DATASETS.build(
        dict(
            type='mmvision_ext.VOCInstanceDataset',
            data_root=str(root),
            ann_file='ImageSets/Segmentation/val.txt',
            test_mode=True,
            indices=40 if devkit == 'real' else None,
            pipeline=PIPELINE,
            **setting,
        )
    )
    evaluator = Evaluator([VOCInstanceMetric(), CocoInstanceMetric()])
    evaluator.dataset_meta = dataset.metainfo
    rng = np.random.default_rng(0)
    for index in range(len(dataset)):
        sample = dataset[index]['data_samples']
        objects = sample.gt_instances, sample.ignored_instances
        masks = [part.masks.to_ndarray() for part in objects]
        labels = torch.cat([part.labels for part in objects])
        sample.pred_instances = InstanceData(
            bboxes=torch.cat([part.bboxes.tensor for part in objects]),
            labels=labels,
            scores=torch.from_numpy(rng.random(len(labels))),
            masks=torch.from_numpy(np.concatenate(masks)).bool(),
        )
        evaluator.process([sample])
    results = evaluator.evaluate(len(dataset))
    for key in ('bbox', 'segm'):
        assert results[f'voc/{key}_AP50'] == 1
        assert results[f'coco/{key}_mAP'] == pytest.approx(1)


def _evaluate_part(rank, world_size, folder, samples):
    """Evaluate every second image in one of two processes."""
    os.chdir(folder)
    torch.distributed.init_process_group(
        'gloo',
        init_method=f'file://{folder}/rendezvous',
        rank=rank,
        world_size=world_size,
    )
    metrics = [VOCInstanceMetric(), CocoInstanceMetric()]
    evaluator = Evaluator(metrics)
    evaluator.dataset_meta = dict(classes=NAMES)
    padded = [*samples, samples[0]]  # as a distributed sampler pads
    for sample in padded[rank::world_size]:
        evaluator.process([sample])
    results = evaluator.evaluate(len(samples))
    dist.barrier()
    torch.save(results, f'{folder}/{rank}.pth')
    torch.distributed.destroy_process_group()


def test_two_processes_give_the_result_of_one(
    random_records, to_sample, tmp_path
):
    samples = [to_sample(record) for record in random_records(7)]
    expected = {
        **run(VOCInstanceMetric(), samples),
        **run(CocoInstanceMetric(), samples),
    }
    torch.multiprocessing.spawn(
        _evaluate_part, (2, str(tmp_path), samples), nprocs=2
    )
    assert 0 < expected['voc/bbox_AP50'] < 1
    for rank in range(2):
        results = torch.load(tmp_path / f'{rank}.pth', weights_only=True)
        assert results.keys() == expected.keys()
        np.testing.assert_array_equal(
            list(results.values()), list(expected.values())
        )
