"""Horizontal flips that leave nothing to chance after the first epoch."""

import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmvision_ext.registry import HOOKS
from mmvision_ext.utils import InputError


@HOOKS.register_module()
class AlternatingFlipHook(Hook):
    """Show every training image flipped in one epoch, not in the next.

    Jordan, "94% on CIFAR-10 in 3.29 Seconds on a Single GPU", 2024, section
    3.6: flipped by chance, an image looks the same in half of all pairs of
    epochs. Here chance, from the seed of the runner, decides about the first
    epoch only; after that all images are flipped at the start of each epoch.

    The dataset is a
    :class:`~mmvision_ext.datasets.tensor_images.TensorImageDataset` or has an
    ``images`` tensor like it, (N, C, H, W), which is replaced; ``augments``
    should hold no random flip beside this. What an epoch shows follows from
    seed and number of the epoch, so that a resumed run goes on as it would
    have gone.
    """

    def __init__(self) -> None:
        self._begun = False

    def before_train(self, runner: Runner) -> None:
        """Check the data and begin anew.

        Args:
            runner: The runner.

        Raises:
            InputError: If images are not one tensor of this process.
        """
        loader = runner.train_dataloader
        images = getattr(loader.dataset, 'images', None)
        if not isinstance(images, torch.Tensor) or images.ndim != 4:
            raise InputError(
                'AlternatingFlipHook: expected train_dataloader.dataset to '
                'be mmvision_ext.TensorImageDataset, found '
                f'{type(loader.dataset).__name__}. Take the hook out and add '
                'BatchRandomFlip to data_preprocessor.augments.'
            )
        if loader.num_workers:
            raise InputError(
                'AlternatingFlipHook: expected '
                'train_dataloader.num_workers=0, since workers have images '
                f'of their own, found {loader.num_workers}.'
            )
        self._begun = False

    def before_train_epoch(self, runner: Runner) -> None:
        """Flip the images.

        Args:
            runner: The runner.
        """
        dataset = runner.train_dataloader.dataset
        if not self._begun:
            generator = torch.Generator().manual_seed(runner.seed)
            chosen = torch.rand(len(dataset.images), generator=generator) < 0.5
            if runner.epoch % 2:
                chosen = ~chosen
            chosen = chosen.to(dataset.images.device)[:, None, None, None]
            dataset.images = torch.where(
                chosen, dataset.images.flip(-1), dataset.images
            )
        else:
            dataset.images = dataset.images.flip(-1)
        self._begun = True
