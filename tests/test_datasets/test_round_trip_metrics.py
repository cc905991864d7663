"""A devkit and its COCO file score the same predictions the same."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.registry import DATASETS, DefaultScope
from mmengine.structures import InstanceData

from mmvision_ext.datasets.voc_to_coco import convert_devkit
from mmvision_ext.evaluation.metrics import (
    CocoInstanceMetric,
    VOCInstanceMetric,
)
from mmvision_ext.testing import SHAPE_CLASSES

PIPELINE = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(96, 96), keep_ratio=True),
    dict(type='LoadAnnotations', with_bbox=True, with_mask=True),
    dict(
        type='PackDetInputs',
        meta_keys=(
            'img_id',
            'img_path',
            'ori_shape',
            'img_shape',
            'scale_factor',
        ),
    ),
]


def _samples(dataset_cfg: dict[str, Any]) -> dict[str, Any]:
    """Packed samples of a dataset by the name of the image file."""
    with DefaultScope.overwrite_default_scope('mmdet'):
        dataset = DATASETS.build(
            dict(dataset_cfg, pipeline=PIPELINE, test_mode=True)
        )
        packed = [dataset[i]['data_samples'] for i in range(len(dataset))]
    return {Path(sample.img_path).name: sample for sample in packed}


def _predictions(sample: Any, rng: np.random.Generator) -> InstanceData:
    """Shifted copies of the objects: some hit, some miss, some confused."""
    truth = sample.gt_instances
    boxes = np.asarray(
        truth.bboxes.tensor
        if hasattr(truth.bboxes, 'tensor')
        else truth.bboxes
    ).reshape(-1, 4)
    shifts = rng.integers(-12, 13, (2, len(boxes), 2))
    masks = truth.masks.masks.astype(bool)
    found = [
        np.roll(mask, (dy, dx), (0, 1))
        for shift in shifts
        for mask, (dx, dy) in zip(masks, shift, strict=True)
    ]
    labels = np.concatenate([truth.labels, (truth.labels + 1) % 3])
    return InstanceData(
        bboxes=torch.from_numpy(
            np.concatenate([boxes + np.tile(shift, 2) for shift in shifts])
        ),
        scores=torch.from_numpy(rng.uniform(0, 1, len(labels))),
        labels=torch.from_numpy(labels),
        masks=torch.from_numpy(
            np.reshape(found, (len(found), *masks.shape[1:]))
        ),
    )


def _score(
    samples: dict[str, Any],
    predictions: dict[str, InstanceData],
    classes: tuple[str, ...],
) -> dict[str, float]:
    """Results of both metrics, which read the same ground truth."""
    results: dict[str, float] = {}
    for metric in (VOCInstanceMetric(), CocoInstanceMetric()):
        metric.dataset_meta = dict(classes=classes)
        for name, sample in samples.items():
            sample.pred_instances = predictions[name]
            metric.process(None, [sample.to_dict()])
        results |= metric.evaluate(len(samples))
    return results


@pytest.mark.parametrize('mask_format', ['rle', 'polygon'])
def test_same_metrics_from_devkit_and_coco_file(
    shapes_root: Path, tmp_path: Path, mask_format: str
) -> None:
    year = shapes_root / 'VOC2012'
    [conversion] = convert_devkit(
        year,
        tmp_path,
        splits=['val'],
        mask_format=mask_format,
        classes=SHAPE_CLASSES,
    )
    metainfo = dict(classes=SHAPE_CLASSES)
    readings = [
        _samples(
            dict(
                type='mmvision_ext.VOCInstanceDataset',
                data_root=str(year),
                ann_file='ImageSets/Segmentation/val.txt',
                metainfo=metainfo,
            )
        ),
        _samples(
            dict(
                type='mmvision_ext.CocoInstanceDataset',
                ann_file=str(conversion.path),
                data_prefix=dict(img=str(year / 'JPEGImages')),
                metainfo=metainfo,
            )
        ),
    ]
    assert readings[0].keys() == readings[1].keys()
    rng = np.random.default_rng(0)
    predictions = {
        name: _predictions(sample, rng) for name, sample in readings[0].items()
    }
    scores = [
        _score(samples, predictions, SHAPE_CLASSES) for samples in readings
    ]
    assert scores[0] == pytest.approx(scores[1], abs=1e-12, nan_ok=True)
    assert 0 < scores[0]['coco/segm_mAP_50'] < 1
    assert 0 < scores[0]['voc/bbox_AP50'] < 1


def _with_false_alarms(sample: Any) -> InstanceData:
    """Every object, and small boxes in the ignored ones that score best."""
    truth, ignored = sample.gt_instances, sample.ignored_instances
    boxes = truth.bboxes.tensor.tolist()
    labels = truth.labels.tolist()
    scores = [0.5] * len(boxes)
    for box, label in zip(
        ignored.bboxes.tensor.tolist(), ignored.labels.tolist(), strict=True
    ):
        x, y = box[0] + 1, box[1] + 1
        boxes += [[x, y, x + 5, y + 5], [x + 6, y, x + 11, y + 5]]
        labels += [label] * 2
        scores += [0.9] * 2
    masks = np.zeros((len(boxes), *sample.ori_shape), bool)
    for mask, (x1, y1, x2, y2) in zip(
        masks, np.rint(boxes).astype(int), strict=True
    ):
        mask[y1:y2, x1:x2] = True
    return InstanceData(
        bboxes=torch.tensor(boxes),
        scores=torch.tensor(scores),
        labels=torch.tensor(labels),
        masks=torch.from_numpy(masks),
    )


def test_false_alarms_in_ignored_objects_count_in_both_readings(
    empty_devkit: Any, tmp_path: Path
) -> None:
    """Neither a difficult object nor one without a mask is a crowd."""
    cat, dog = (2, 2, 16, 16), (40, 2, 58, 30)
    empty_devkit.add(
        'a',
        [
            ('cat', cat, False),
            ('cat', (2, 20, 36, 38), True),
            ('dog', dog, False),
            ('dog', (18, 2, 38, 18), False),
        ],
        [('cat', cat), ('cat', (2, 20, 36, 38)), ('dog', dog)],
    ).write_list()
    classes = ('cat', 'dog')
    [conversion] = convert_devkit(
        empty_devkit.root, tmp_path / 'out', ['train'], classes=classes
    )
    metainfo = dict(classes=classes)
    readings = [
        _samples(
            dict(
                type='mmvision_ext.VOCInstanceDataset',
                data_root=str(empty_devkit.root),
                ann_file='ImageSets/Segmentation/train.txt',
                metainfo=metainfo,
            )
        ),
        _samples(
            dict(
                type='mmvision_ext.CocoInstanceDataset',
                ann_file=str(conversion.path),
                data_prefix=dict(img=str(empty_devkit.root / 'JPEGImages')),
                metainfo=metainfo,
            )
        ),
    ]
    sample = readings[0]['a.jpg']
    assert len(sample.gt_instances) == len(sample.ignored_instances) == 2
    predictions = {'a.jpg': _with_false_alarms(sample)}
    scores = [_score(part, predictions, classes) for part in readings]
    assert scores[0] == pytest.approx(scores[1], abs=1e-12, nan_ok=True)
    for key in ('bbox', 'segm'):  # two false alarms before each hit
        assert scores[1][f'coco/{key}_mAP_50'] == pytest.approx(1 / 3)
        assert scores[1][f'voc/{key}_AP50'] == pytest.approx(1 / 3)
