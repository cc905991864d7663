"""Small detectors with random weights, and detectors that say what they are
told."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmdet.structures import DetDataSample
from mmdet.structures.mask import BitmapMasks
from mmengine.config import Config
from mmengine.registry import MODELS, DefaultScope
from mmengine.structures import InstanceData

from mmvision_ext.testing import SHAPE_CLASSES


@dataclass(frozen=True)
class SmallModel:
    """Files of a detector.

    Attributes:
        config: Config file.
        checkpoint: Weights, with the class names in their meta.
    """

    config: str
    checkpoint: str


@pytest.fixture(scope='session')
def shapes_env(shapes_root: Path) -> Iterator[Path]:
    """The generated devkit, in place for the ``_shapes`` configs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('MMVISION_SHAPES_ROOT', str(shapes_root))
        yield shapes_root


@pytest.fixture(scope='session')
def save_model(
    repository: Path, shapes_env: Path, tmp_path_factory
) -> Callable[[str], SmallModel]:
    """Give a config of the repository random weights."""

    def save(name: str) -> SmallModel:
        (path,) = (repository / 'configs').glob(name)
        config = Config.fromfile(path)
        torch.manual_seed(0)
        with DefaultScope.overwrite_default_scope('mmdet'):
            model = MODELS.build(config.model)
        checkpoint = tmp_path_factory.mktemp('weights') / 'random.pth'
        meta = {'dataset_meta': {'classes': SHAPE_CLASSES}}
        torch.save(
            {'state_dict': model.state_dict(), 'meta': meta}, checkpoint
        )
        return SmallModel(str(path), str(checkpoint))

    return save


@pytest.fixture(scope='session')
def mask_rcnn(save_model: Callable[[str], SmallModel]) -> SmallModel:
    """Small Mask R-CNN for the generated devkit."""
    return save_model('mask_rcnn/*_shapes.py')


@pytest.fixture(scope='session')
def sparse_rcnn(save_model: Callable[[str], SmallModel]) -> SmallModel:
    """Small Sparse R-CNN for the generated devkit."""
    return save_model('sparse_rcnn/*_shapes.py')


@pytest.fixture(scope='session')
def photos(shapes_root: Path) -> list[Path]:
    """Images of 96 x 96 pixels; test pipelines enlarge them to 128."""
    return sorted((shapes_root / 'VOC2012' / 'JPEGImages').glob('*.jpg'))


@pytest.fixture
def make_sample(photos: list[Path]) -> Callable[..., DetDataSample]:
    """Build a data sample from boxes and labels."""

    def make(
        number: int,
        truth: list[tuple[list[float], int]],
        found: list[tuple[list[float], int, float]],
        with_masks: bool = False,
    ) -> DetDataSample:
        sample = DetDataSample(
            metainfo={
                'img_id': number,
                'img_path': str(photos[number]),
                'ori_shape': (96, 96),
            }
        )
        boxes = torch.tensor([box for box, _ in truth]).reshape(-1, 4)
        sample.gt_instances = _instances(
            boxes, labels=torch.tensor([label for _, label in truth]).long()
        )
        sample.ignored_instances = _instances(
            torch.zeros(0, 4), labels=torch.zeros(0).long()
        )
        boxes = torch.tensor([box for box, _, _ in found]).reshape(-1, 4)
        sample.pred_instances = _instances(
            boxes,
            labels=torch.tensor([label for _, label, _ in found]).long(),
            scores=torch.tensor([score for _, _, score in found]),
        )
        if with_masks:
            for part in (sample.gt_instances, sample.ignored_instances):
                part.masks = BitmapMasks(_filled(part.bboxes), 96, 96)
            sample.pred_instances.masks = torch.from_numpy(
                _filled(sample.pred_instances.bboxes)
            ).bool()
        return sample

    return make


def _instances(bboxes: torch.Tensor, **columns: Any) -> InstanceData:
    return InstanceData(bboxes=bboxes.float(), **columns)


def _filled(boxes: torch.Tensor) -> np.ndarray:
    """Boxes as masks, (N, 96, 96), uint8."""
    masks = np.zeros((len(boxes), 96, 96), np.uint8)
    for mask, box in zip(masks, boxes.int().tolist(), strict=True):
        mask[box[1] : box[3], box[0] : box[2]] = 1
    return masks
