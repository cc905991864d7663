"""What training does with objects that are neither learned nor counted."""

from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import TASK_UTILS, DefaultScope
from mmengine.structures import InstanceData

OBJECT, IGNORED = [0.0, 0, 40, 40], [100.0, 0, 200, 100]
PRIORS = [
    [0.0, 0, 40, 38],  # on the object
    [110, 10, 150, 50],  # in the ignored one
    [90, 0, 130, 40],  # three quarters of it in there
    [70, 0, 110, 40],  # a quarter
    [300, 300, 340, 340],  # elsewhere
]


def _assign(settings: dict, **columns: torch.Tensor) -> list[int]:
    """1 for an object, 0 for background, -1 for neither, of each box."""
    with DefaultScope.overwrite_default_scope('mmdet'):
        assigner = TASK_UTILS.build(settings)
    boxes = torch.tensor(PRIORS)
    result = assigner.assign(
        InstanceData(priors=boxes, bboxes=boxes, **columns),
        InstanceData(
            bboxes=torch.tensor([OBJECT]), labels=torch.zeros(1).long()
        ),
        gt_instances_ignore=InstanceData(bboxes=torch.tensor([IGNORED])),
        img_meta=dict(img_shape=(400, 400)),
    )
    return result.gt_inds.tolist()


@pytest.mark.parametrize('part', ['rpn', 'rcnn'])
def test_mask_rcnn_takes_them_for_neither_object_nor_background(
    part: str, repository: Path
) -> None:
    configs = sorted((repository / 'configs/mask_rcnn').glob('*_voc.py'))
    assert configs
    for path in configs:
        train_cfg = Config.fromfile(path).model.train_cfg
        assert _assign(train_cfg[part].assigner) == [1, -1, -1, 0, 0], path


def test_sparse_rcnn_takes_them_for_background(repository: Path) -> None:
    configs = sorted((repository / 'configs/sparse_rcnn').glob('*_voc.py'))
    assert configs
    for path in configs:
        stage = Config.fromfile(path).model.train_cfg.rcnn[0]
        found = _assign(stage.assigner, scores=torch.zeros(len(PRIORS), 20))
        assert found == [1, 0, 0, 0, 0], path
