"""The best checkpoint of a run, chosen by one of our metrics alone."""

from pathlib import Path
from typing import Any

import pytest
import torch
from mmdet.structures import DetDataSample
from mmengine.config import Config
from mmengine.model import BaseModel
from mmengine.runner import Runner
from mmengine.structures import InstanceData
from torch import nn

BOX = [0.0, 0, 20, 20]
FOUND = {1: [30.0, 0, 50, 20], 2: BOX, 3: [30.0, 0, 50, 20]}  # by epoch


class Images(torch.utils.data.Dataset):
    """One image with one object."""

    metainfo = dict(classes=('ant',))

    def __len__(self) -> int:
        return 1

    def __getitem__(self, index: int) -> dict[str, Any]:
        sample = DetDataSample(
            metainfo=dict(img_id=index, ori_shape=(60, 60), img_path='')
        )
        sample.gt_instances = InstanceData(
            bboxes=torch.tensor([BOX]), labels=torch.zeros(1).long()
        )
        sample.ignored_instances = InstanceData()
        return dict(inputs=torch.zeros(3, 60, 60), data_samples=sample)


class Detector(BaseModel):
    """Finds the object after the second epoch only."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))

    def forward(
        self, inputs: Any, data_samples: Any, mode: str = 'tensor'
    ) -> Any:
        if mode == 'loss':
            self.weight.data += 1
            return dict(loss=self.weight.sum() * 0)
        for sample in data_samples:
            sample.pred_instances = InstanceData(
                bboxes=torch.tensor([FOUND[int(self.weight)]]),
                scores=torch.ones(1),
                labels=torch.zeros(1).long(),
            )
        return data_samples


@pytest.mark.parametrize(
    ('metric', 'key'),
    [
        ('VOCInstanceMetric', 'voc_bbox_AP50'),
        ('CocoInstanceMetric', 'coco_bbox_mAP'),
    ],
)
def test_the_highest_value_is_kept(
    metric: str, key: str, repository: Path, tmp_path: Path
) -> None:
    runtime = Config.fromfile(
        repository / 'configs/_base_/default_runtime_det.py'
    )
    loader = dict(
        dataset=Images(),
        sampler=dict(type='DefaultSampler', shuffle=False),
        batch_size=1,
        num_workers=0,
        collate_fn=dict(type='pseudo_collate'),
    )
    runner = Runner(
        model=Detector(),
        work_dir=str(tmp_path),
        train_dataloader=loader,
        val_dataloader=loader,
        train_cfg=dict(by_epoch=True, max_epochs=3),
        val_cfg=dict(),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.0)),
        val_evaluator=dict(type=f'mmvision_ext.{metric}', metric='bbox'),
        default_hooks=dict(checkpoint=runtime.default_hooks.checkpoint),
        default_scope='mmengine',
        experiment_name=key,
    )
    runner.train()
    assert [path.name for path in tmp_path.glob('best_*.pth')] == [
        f'best_{key}_epoch_2.pth'
    ]
