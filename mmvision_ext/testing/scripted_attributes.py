"""A model of attributes whose mAP follows a script, and its data."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.dataset import BaseDataset
from mmengine.model import BaseModel
from mmpretrain.structures import DataSample
from torch import nn

from mmvision_ext.registry import DATASETS, MODELS

# Six samples with three attributes, each of which has positives.
LABELS = ((1, 0, 0), (1, 1, 0), (1, 0, 0), (1, 0, 1), (0, 1, 0), (0, 0, 0))


@DATASETS.register_module(force=True)
class ScriptedAttributes(BaseDataset):
    """Six empty images of 4 x 4 pixels with three attributes."""

    METAINFO = dict(
        classes=('red', 'round', 'rare'),
        attribute_groups=dict(colour=('red',), other=('round', 'rare')),
        protocol='six generated samples',
    )

    def load_data_list(self) -> list[dict[str, Any]]:
        """List the samples.

        Returns:
            Index of each.
        """
        return [dict(index=index) for index in range(len(LABELS))]

    def __getitem__(self, index: int) -> dict[str, Any]:
        """One sample.

        Args:
            index: Its position.

        Returns:
            ``inputs``, zeros (3, 4, 4), and ``data_samples`` with
            ``gt_score``, shape (3,).
        """
        sample = DataSample()
        sample.set_gt_score(torch.tensor(LABELS[index]).float())
        return dict(inputs=torch.zeros(3, 4, 4), data_samples=sample)


@MODELS.register_module(force=True)
class ScriptedModel(BaseModel):
    """Counts its steps, and ranks as well as the script says.

    Args:
        script: How well it ranks after each step: 1 perfectly, 0 all alike,
            -1 the wrong way round. The last entry is for all later steps.
    """

    def __init__(self, script: Sequence[int]) -> None:
        super().__init__()
        self.script = script
        self.steps: torch.Tensor
        self.register_buffer('steps', torch.zeros(1))
        self.weight = nn.Parameter(torch.ones(1))

    def forward(
        self,
        inputs: Any,
        data_samples: Sequence[DataSample],
        mode: str = 'tensor',
    ) -> Any:
        """Count a step, or score samples.

        Args:
            inputs: Not used.
            data_samples: With ``gt_score``, shape (3,).
            mode: ``'loss'`` or ``'predict'``.

        Returns:
            ``loss``, a scalar, or the samples with ``pred_score``, shape
            (3,), in [0, 1].
        """
        if mode == 'loss':
            self.steps += 1
            return dict(loss=self.weight.sum() * 0 + 1 / self.steps.item())
        step = min(int(self.steps), len(self.script)) - 1
        for sample in data_samples:
            side = 2 * sample.gt_score - 1
            sample.set_pred_score(0.5 + 0.4 * self.script[step] * side)
        return data_samples


def scripted_config(
    config: str | Path, script: Sequence[int], work_dir: str | Path
) -> Config:
    """Put scripted model and data into a config.

    An epoch is a step, so that the script is by epochs. Schedule, hooks and
    metric are the config's own, but for hooks that name parts of its model.

    Args:
        config: File of an attribute config.
        script: See :class:`ScriptedModel`.
        work_dir: Work directory.

    Returns:
        The config.
    """
    cfg = Config.fromfile(config)
    loader = dict(
        batch_size=len(LABELS),
        num_workers=0,
        dataset=dict(type='mmvision_ext.ScriptedAttributes'),
        sampler=dict(type='DefaultSampler', shuffle=False),
        collate_fn=dict(type='pseudo_collate'),
    )
    for split in ('train', 'val', 'test'):
        cfg[f'{split}_dataloader'] = loader
    metric = dict(type='mmvision_ext.AttributeMetric', topk=2)
    cfg.val_evaluator = cfg.test_evaluator = [metric]
    cfg.model = dict(type='mmvision_ext.ScriptedModel', script=list(script))
    cfg.custom_hooks = [
        hook
        for hook in cfg.get('custom_hooks', [])
        if hook['type'] == 'EarlyStoppingHook'
    ]
    cfg.work_dir = str(work_dir)
    # mmengine hands out visualizers by name: each run needs its own.
    cfg.visualizer.name = f'visualizer of {work_dir}'
    return cfg
