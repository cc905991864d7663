"""A training of milliseconds that saves checkpoints."""

import itertools
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from mmengine.evaluator import BaseMetric
from mmengine.hooks import Hook
from mmengine.model import BaseModel
from mmengine.registry import DATASETS, MODELS
from mmengine.runner import Runner
from torch import nn
from torch.utils.data import Dataset

_runs = itertools.count()


class RisingMetric(BaseMetric):
    """An accuracy that rises by one every time it is asked for."""

    default_prefix = 'test'

    def __init__(self) -> None:
        super().__init__(collect_device='cpu')
        self.accuracy = 0

    def process(self, data_batch: Any, data_samples: Sequence[Any]) -> None:
        """Count nothing.

        Args:
            data_batch: Not used.
            data_samples: Not used.
        """
        self.results.append(0)

    def compute_metrics(self, results: list) -> dict[str, float]:
        """The next value.

        Args:
            results: Not used.

        Returns:
            ``accuracy``.
        """
        self.accuracy += 1
        return dict(accuracy=self.accuracy)


@MODELS.register_module()
class TinyLine(BaseModel):
    """A linear layer that learns to give zero."""

    def __init__(self, width: int = 2) -> None:
        super().__init__()
        self.layer = nn.Linear(width, 1)

    def forward(
        self, inputs: torch.Tensor, mode: str = 'tensor'
    ) -> torch.Tensor | dict[str, torch.Tensor] | list:
        """Compute the output, or its mean square.

        Args:
            inputs: Values, (N, width).
            mode: ``'loss'``, ``'predict'``, or ``'tensor'``.

        Returns:
            ``loss``, a scalar; for ``'predict'`` N of (1,); else (N, 1).
        """
        output = self.layer(inputs)
        if mode == 'predict':
            return [*output]
        return dict(loss=output.square().mean()) if mode == 'loss' else output


@DATASETS.register_module()
class TinyLines(Dataset):
    """Four samples of evenly spaced values.

    Args:
        width: Values of a sample.
    """

    def __init__(self, width: int) -> None:
        self.values = torch.linspace(-1, 1, 4 * width).reshape(4, width)

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        return dict(inputs=self.values[index])


class Journal(Hook):
    """Writes the number of every finished epoch, its save included.

    Args:
        path: File that gets a line an epoch.
    """

    priority = 'LOWEST'

    def __init__(self, path: Path) -> None:
        self._file = path.open('a', buffering=1)

    def after_train_epoch(self, runner: Runner) -> None:
        """Add a line.

        Args:
            runner: The runner.
        """
        self._file.write(f'{runner.epoch + 1}\n')


def tiny_runner(
    work_dir: Path,
    epochs: int = 2,
    runner_class: type[Runner] = Runner,
    checkpoint: dict[str, Any] | None = None,
    width: int = 2,
    **settings: Any,
) -> Runner:
    """Make a runner of two steps an epoch that saves every epoch.

    After an epoch comes a validation whose accuracy is always better than
    the one before.

    Args:
        work_dir: Folder of the run.
        epochs: Number of epochs.
        runner_class: mmengine's runner or one derived from it.
        checkpoint: Settings of SafeCheckpointHook, over the defaults: one
            checkpoint is kept, and the best one.
        width: Inputs of the only layer.
        **settings: Further arguments of the runner.

    Returns:
        The runner.
    """
    loader = dict(
        dataset=TinyLines(width),
        batch_size=2,
        num_workers=0,
        collate_fn=dict(type='default_collate'),
        sampler=dict(type='DefaultSampler', shuffle=False),
    )
    hook = dict(
        type='mmvision_ext.SafeCheckpointHook',
        interval=1,
        max_keep_ckpts=1,
        save_best='test/accuracy',
        rule='greater',
    )
    return runner_class(
        **{
            **dict(
                model=TinyLine(width),
                work_dir=str(work_dir),
                experiment_name=f'tiny-{os.getpid()}-{next(_runs)}',
                default_scope='mmengine',
                train_dataloader=loader,
                train_cfg=dict(by_epoch=True, max_epochs=epochs),
                optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
                val_dataloader=loader,
                val_cfg=dict(),
                val_evaluator=[RisingMetric()],
                default_hooks=dict(checkpoint={**hook, **(checkpoint or {})}),
                custom_hooks=[Journal(work_dir / 'journal')],
                randomness=dict(seed=0),
                log_level='ERROR',
            ),
            **settings,
        }
    )
