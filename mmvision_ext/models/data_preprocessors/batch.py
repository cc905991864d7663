"""From the pixels of a batch to the input of a classifier."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import torch
from mmengine.model import BaseDataPreprocessor
from mmengine.registry import TRANSFORMS
from mmpretrain.structures import DataSample
from torch import nn
from torchvision.transforms import InterpolationMode
from torchvision.transforms.v2.functional import resize

from mmvision_ext.models.full_precision import full_precision
from mmvision_ext.registry import MODELS
from mmvision_ext.structures import ClassificationBatch
from mmvision_ext.utils import InputError

Samples: TypeAlias = ClassificationBatch | Sequence[DataSample]


@MODELS.register_module()
class BatchDataPreprocessor(BaseDataPreprocessor):
    """Augment, resize and normalise a batch on the model's device.

    Takes the batches of
    :class:`~mmvision_ext.datasets.tensor_images.TensorImageDataset`, and those
    of data samples that stock pipelines and inferencers make.

    Args:
        mean: Mean of each channel, of values from 0 to 255.
        std: Standard deviation of each channel, likewise.
        augments: Augmentations of training batches, one after another:
            configs of ``TRANSFORMS`` that take and give images, (B, 3, H, W),
            values from 0 to 255, and targets.
        size: Height and width in pixels to which images are resized after
            that, in tests as well; None leaves them.
        interpolation: ``'bicubic'`` or ``'bilinear'``.
        channels_last: Whether the result lies in memory as (B, H, W, 3).
        non_blocking: As for mmengine's ``BaseDataPreprocessor``.
    """

    mean: torch.Tensor
    std: torch.Tensor

    def __init__(
        self,
        mean: Sequence[float],
        std: Sequence[float],
        *,
        augments: Sequence[Mapping[str, Any]] = (),
        size: int | None = None,
        interpolation: str = 'bicubic',
        channels_last: bool = False,
        non_blocking: bool = False,
    ) -> None:
        super().__init__(non_blocking)
        self.register_buffer('mean', _channels(mean), persistent=False)
        self.register_buffer('std', _channels(std), persistent=False)
        self.augments = nn.ModuleList(
            TRANSFORMS.build(augment) for augment in augments
        )
        self.size = size
        self.interpolation = InterpolationMode(interpolation)
        self.channels_last = channels_last

    def forward(
        self, data: Mapping[str, Any], training: bool = False
    ) -> dict[str, Any]:
        """Prepare a batch.

        Args:
            data: ``inputs``, (B, 3, H, W), values from 0 to 255, or B images
                (3, H, W) of one size; beside it either ``labels`` and
                ``sample_idx``, (B,), or ``data_samples``, B of them, or
                nothing.
            training: Whether to augment.

        Returns:
            ``inputs``, normalised, float32, (B, 3, H, W), and
            ``data_samples``: a ClassificationBatch for ``labels``, else what
            came. Soft targets of an augmentation are ``gt_score`` there.

        Raises:
            InputError: If the images of a list differ in size, or there is
                nothing to learn for an augmentation.
        """
        data = self.cast_data(dict(data))
        images = _stacked(data['inputs'])
        samples: Any = data.get('data_samples')
        if 'labels' in data:
            samples = ClassificationBatch(
                gt_label=data['labels'], sample_idx=data['sample_idx']
            )
        # The network may run in bfloat16; positions and colours need float32.
        with full_precision(images):
            if training and self.augments:
                targets = _targets(samples)
                for augment in self.augments:
                    images, targets = augment(images, targets)
                _set_soft(samples, targets)
            images = self._normalised(images)
        return dict(inputs=images, data_samples=samples)

    def _normalised(self, images: torch.Tensor) -> torch.Tensor:
        """Resize and normalise images, (B, 3, H, W)."""
        if self.size is not None:
            # As Pillow does it. Where images become larger there is nothing
            # to smooth, but these kernels are the faster ones.
            images = resize(
                images, [self.size] * 2, self.interpolation, antialias=True
            ).clamp(0, 255)
        images = (images.float() - self.mean).div_(self.std)
        if self.channels_last:
            images = images.contiguous(memory_format=torch.channels_last)
        return images


def _stacked(images: torch.Tensor | Sequence[torch.Tensor]) -> torch.Tensor:
    """Images as one tensor, (B, 3, H, W)."""
    if isinstance(images, torch.Tensor):
        return images
    sizes = sorted({tuple(image.shape) for image in images})
    if len(sizes) != 1:
        raise InputError(
            'inputs: expected images of one size, found '
            f'{" and ".join(map(str, sizes[:2]))}. Add Resize to the '
            'pipeline.'
        )
    return torch.stack(list(images))


def _targets(samples: Samples | None) -> torch.Tensor:
    """Labels, (B,), or soft targets, (B, K), for the augmentations."""
    if isinstance(samples, ClassificationBatch):
        return samples.target()
    if not samples or 'gt_label' not in samples[0]:
        raise InputError(
            'augments: expected labels to augment a training batch, found '
            'none: the dataset gives no gt_label'
        )
    return torch.cat([sample.gt_label for sample in samples])


def _set_soft(samples: Samples, targets: torch.Tensor) -> None:
    """Write targets (B, C) where the loss looks for them."""
    if targets.ndim == 1:
        return
    if isinstance(samples, ClassificationBatch):
        samples.gt_score = targets
        return
    for sample, target in zip(samples, targets, strict=True):
        sample.set_gt_score(target)


def _channels(values: Sequence[float]) -> torch.Tensor:
    """One value a channel, float32, (3, 1, 1)."""
    return torch.tensor(values, dtype=torch.float32).view(-1, 1, 1)
