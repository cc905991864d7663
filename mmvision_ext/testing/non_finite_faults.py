"""Trainings in which a loss, a gradient or a weight goes wrong."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from mmengine.hooks import Hook
from mmengine.model import BaseModel
from mmengine.runner import Runner, set_random_seed
from mmengine.structures import BaseDataElement
from torch import nn
from torch.utils.data import Dataset

from .tiny_training import tiny_runner

#: What can happen in a step.
KINDS = ('nan', 'inf', 'gradient', 'input', 'weight', 'buffer')


class FaultyNet(BaseModel):
    """Two layers with normalisation between them, which fail on request.

    Args:
        faults: Number of a training step of this process, from 1, to one of
            :data:`KINDS`: the loss becomes NaN or infinite; the loss stays
            finite, its gradient does not; an input is NaN, and with it the
            statistics of the normalisation; a weight or a statistic is
            overwritten after its use.
    """

    def __init__(self, faults: Mapping[int, str] | None = None) -> None:
        super().__init__()
        self.faults = dict(faults or {})
        self.calls = 0
        self.first = nn.Linear(2, 3)
        self.norm = nn.BatchNorm1d(3)
        self.last = nn.Linear(3, 1)
        mask = torch.zeros(2).fill_(-torch.inf)  # as in a text encoder
        self.register_buffer('mask', mask)

    def forward(
        self,
        inputs: list[torch.Tensor],
        data_samples: list[BaseDataElement] | None = None,
        mode: str = 'tensor',
    ) -> torch.Tensor | dict[str, torch.Tensor] | list:
        """Compute the output, or its mean square.

        Args:
            inputs: N of (2,).
            data_samples: Not used.
            mode: ``'loss'``, ``'predict'``, or ``'tensor'``.

        Returns:
            ``loss_square`` and ``loss_other``, scalars; for ``'predict'`` N
            of (1,); else (N, 1).
        """
        values = torch.stack(inputs)
        kind = ''
        if mode == 'loss':
            self.calls += 1
            kind = self.faults.get(self.calls, '')
        if kind == 'input':
            values = values * torch.nan
        output = self.last(self.norm(self.first(values)))
        if mode == 'predict':
            return [*output]
        if mode != 'loss':
            return output
        losses = dict(
            loss_square=output.square().mean(), loss_other=output.sum() * 0
        )
        self._fail(kind, losses)
        return losses

    def _fail(self, kind: str, losses: dict[str, torch.Tensor]) -> None:
        if kind in ('nan', 'inf'):
            losses['loss_square'] = losses['loss_square'] * float(kind)
        elif kind == 'gradient':  # the slope of the root of 0 is infinite
            losses['loss_other'] = (
                self.last.bias.sub(self.last.bias.detach()).sqrt().sum()
            )
        elif kind == 'weight':
            self.first.weight.data[0, 0] = torch.nan
        elif kind == 'buffer':
            variance = self.norm.running_var
            assert variance is not None
            variance.data[0] = torch.inf


class NamedLines(Dataset):
    """Four samples that know the image they come from."""

    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> dict[str, Any]:
        """Make a sample.

        Args:
            index: Its number.

        Returns:
            ``inputs``, (2,), and ``data_samples``.
        """
        inputs = torch.linspace(-1, 1, 8).reshape(4, 2)[index]
        info = dict(img_path=f'{index}.png', img_id=index)
        return dict(inputs=inputs, data_samples=BaseDataElement(metainfo=info))


def faulty_runner(
    work_dir: Path,
    faults: Mapping[int, str] | None,
    hooks: list[Hook],
    epochs: int = 2,
    **settings: Any,
) -> Runner:
    """Make a runner of two steps an epoch, with images 0 to 3 in order.

    Args:
        work_dir: Folder of the run, made where missing.
        faults: As of :class:`FaultyNet`.
        hooks: Hooks beside mmengine's.
        epochs: Number of epochs.
        **settings: As of
            :func:`~mmvision_ext.testing.tiny_training.tiny_runner`.

    Returns:
        The runner.
    """
    work_dir.mkdir(parents=True, exist_ok=True)
    loader = dict(
        dataset=NamedLines(),
        batch_size=2,
        num_workers=0,
        collate_fn=dict(type='pseudo_collate'),
        sampler=dict(type='DefaultSampler', shuffle=False),
    )
    set_random_seed(0)  # the model is made before the runner
    options: dict[str, Any] = dict(
        model=FaultyNet(faults),
        train_dataloader=loader,
        val_dataloader=loader,
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1, momentum=0.9)),
        custom_hooks=hooks,
    )
    return tiny_runner(work_dir, epochs, **{**options, **settings})
