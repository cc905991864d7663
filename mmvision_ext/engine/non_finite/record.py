"""A step that went wrong, in a file."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch

from mmvision_ext.utils.listed import listed

_KEYS = ('img_path', 'img_id', 'sample_idx')  # that tell a sample
_NAMED = 8  # images in a message


@dataclass
class Fault:
    """A step whose loss or gradients are not finite.

    Attributes:
        iteration: Number of the step in the training, from 1.
        epoch: Number of the epoch, from 1.
        rank: The process; each has a batch of its own.
        losses: Name to value.
        gradients: Names of parameters whose gradient is not finite, where the
            step was refused.
        samples: What tells each sample of the batch: path, id, index.
        learning_rates: Of the optimizer's groups, by wrapper.
        seed: Of the training.
    """

    iteration: int
    epoch: int
    rank: int
    losses: dict[str, float] = field(default_factory=dict)
    gradients: list[str] = field(default_factory=list)
    samples: list[dict[str, str | int]] = field(default_factory=list)
    learning_rates: dict[str, list[float]] = field(default_factory=dict)
    seed: int | None = None

    def summary(self) -> str:
        """Say what is wrong with which images.

        Returns:
            One line.
        """
        wrong = [
            f'{name} {value}'
            for name, value in self.losses.items()
            if not math.isfinite(value)
        ]
        if not wrong and self.gradients:
            wrong = [f'gradient of {listed(self.gradients, 3)}']
        what = ', '.join(wrong) or 'values of another process or step'
        images = [str(next(iter(sample.values()))) for sample in self.samples]
        return (
            f'not finite in iteration {self.iteration}, epoch {self.epoch}: '
            f'{what}; images: {listed(images, _NAMED) or "they have no name"}'
        )


def samples_of(data_batch: Any) -> list[dict[str, str | int]]:
    """What tells the samples of a batch.

    Args:
        data_batch: What a data loader of mmdet or mmpretrain gives; of any
            other nothing is told.

    Returns:
        Of each sample its path, id and index, as far as it has them.
    """
    samples: Any = ()
    if isinstance(data_batch, Mapping):
        samples = data_batch.get('data_samples', ())
    if isinstance(samples, Mapping):  # several branches
        samples = [one for branch in samples.values() for one in branch]
    if not isinstance(samples, list | tuple):
        return []
    found = (
        {
            key: value if isinstance(value, int) else str(value)
            for key in _KEYS
            if (value := getattr(sample, key, None)) is not None
        }
        for sample in samples
    )
    return [sample for sample in found if sample]


def write_fault(
    fault: Fault, folder: Path, processes: int, inputs: Any = None
) -> Path:
    """Write a fault, as JSON.

    Args:
        fault: The fault. Values that JSON lacks become ``"nan"``, ``"inf"``
            and ``"-inf"``.
        folder: Where the file goes; made where missing.
        processes: Number of processes; each writes a file of its own.
        inputs: Images of the batch, of shape (N, C, H, W) or N of
            (C, H, W), saved beside it; None saves none.

    Returns:
        The file: ``iter_<iteration>.json``, with several processes
        ``iter_<iteration>_rank<rank>.json``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rank = f'_rank{fault.rank}' if processes > 1 else ''
    path = folder / f'iter_{fault.iteration}{rank}.json'
    content = asdict(fault)
    content['losses'] = {
        name: value if math.isfinite(value) else str(value)
        for name, value in fault.losses.items()
    }
    path.write_text(json.dumps(content, indent=2, allow_nan=False) + '\n')
    if inputs is not None:
        torch.save({'inputs': inputs}, path.with_suffix('.pth'))
    return path
