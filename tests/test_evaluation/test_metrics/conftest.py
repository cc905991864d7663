"""Data samples as a detector's test step hands them to the metrics."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
import torch
from mmdet.structures import DetDataSample
from mmdet.structures.mask import BitmapMasks
from mmengine.structures import InstanceData
from pycocotools import mask as mask_utils

from mmvision_ext.evaluation.functional import ImageRecord
from mmvision_ext.evaluation.metrics import instance_metric


def _pixels(masks: Sequence[dict], record: ImageRecord) -> np.ndarray:
    decoded = [mask_utils.decode(mask) for mask in masks]
    return np.array(decoded, np.uint8).reshape(-1, record.height, record.width)


@pytest.fixture
def to_sample() -> Callable[..., dict]:
    """Turn a record into the dict of an mmdet data sample."""

    def build(record: ImageRecord, with_masks: bool = True) -> dict:
        sample = DetDataSample(
            metainfo=dict(
                img_id=record.img_id,
                img_path=f'{record.img_id}.jpg',
                ori_shape=(record.height, record.width),
                img_shape=(2 * record.height, 2 * record.width),
            )
        )
        truth, part = record.truth, record.detections
        for name, chosen in (
            ('gt_instances', ~truth.ignored),
            ('ignored_instances', truth.ignored),
        ):
            objects = InstanceData(
                bboxes=torch.from_numpy(truth.boxes[chosen]),
                labels=torch.from_numpy(truth.labels[chosen]),
            )
            if name == 'ignored_instances' and truth.crowds.any():
                objects.crowds = torch.from_numpy(truth.crowds[chosen])
            if with_masks:
                objects.masks = BitmapMasks(
                    _pixels(truth.masks, record)[chosen],
                    record.height,
                    record.width,
                )
            setattr(sample, name, objects)
        sample.pred_instances = InstanceData(
            bboxes=torch.from_numpy(part.boxes),
            scores=torch.from_numpy(part.scores),
            labels=torch.from_numpy(part.labels),
        )
        if with_masks:
            sample.pred_instances.masks = torch.from_numpy(
                _pixels(part.masks, record)
            ).bool()
        return sample.to_dict()

    return build


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Collect what the metrics log."""
    messages: list[str] = []
    monkeypatch.setattr(
        instance_metric,
        'print_log',
        lambda message, logger, level=20: messages.append(message),
    )
    return messages
