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
    scores = []
    for samples in readings:
        results: dict[str, float] = {}
        for metric in (VOCInstanceMetric(), CocoInstanceMetric()):
            metric.dataset_meta = metainfo
            for name, sample in samples.items():
                sample.pred_instances = predictions[name]
                metric.process(None, [sample.to_dict()])
            results |= metric.evaluate(len(samples))
        scores.append(results)
    assert scores[0] == pytest.approx(scores[1], abs=1e-12, nan_ok=True)
    assert 0 < scores[0]['coco/segm_mAP_50'] < 1
    assert 0 < scores[0]['voc/bbox_AP50'] < 1
