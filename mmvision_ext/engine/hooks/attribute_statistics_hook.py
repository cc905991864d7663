"""How often each attribute occurs in training, told to the head."""

from typing import Any

import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmvision_ext.engine.unwrap import unwrapped
from mmvision_ext.registry import HOOKS
from mmvision_ext.utils import InputError


@HOOKS.register_module()
class AttributeStatisticsHook(Hook):
    """Count the labels of the training set before training.

    The counts go to the head: to its loss where that weighs attributes by
    them, and to its biases with ``prior_bias``. The biases of a resumed model,
    and of one that starts from a checkpoint (``load_from``), stay.

    Counted is the dataset inside its wrappers, so that sampling which repeats
    rare attributes changes neither weights nor biases.
    """

    def before_train(self, runner: Runner) -> None:
        """Count and hand over.

        Args:
            runner: The runner.

        Raises:
            InputError: If the data have no attributes, or the head takes no
                counts.
        """
        model = unwrapped(runner.model)
        head: Any = getattr(model, 'head', None)
        if head is None:  # a detector
            regions = getattr(model, 'roi_head', None)
            head = getattr(regions, 'attribute_head', None)
        if not hasattr(head, 'set_counts'):
            raise InputError(
                'AttributeStatisticsHook: expected a model.head, or a '
                'model.roi_head.attribute_head, that takes counts, such as '
                'mmvision_ext.AttributeHead, found '
                f'{type(head).__name__}. Take the hook out of custom_hooks.'
            )
        scores, mask = _dataset(runner).attribute_matrix()
        present = torch.from_numpy(((scores > 0.5) & mask).sum(axis=0))
        known = torch.from_numpy(mask.sum(axis=0))
        device = next(head.parameters()).device
        fresh = not runner.iter and not runner._load_from
        head.set_counts(
            present.to(device), (known - present).to(device), fresh
        )
        runner.logger.info(
            f'AttributeStatisticsHook: {len(scores)} samples, '
            f'{len(present)} attributes; positives of an attribute: median '
            f'{int(present.median())}, most {int(present.max())}; '
            f'without positives: {int((present == 0).sum())}; entries with a '
            f'label: {mask.mean():.1%}'
        )


def _dataset(runner: Runner) -> Any:
    """The dataset of the training inside its wrappers."""
    dataset = outer = runner.train_dataloader.dataset
    while not hasattr(dataset, 'attribute_matrix'):
        if not hasattr(dataset, 'dataset'):
            raise InputError(
                'AttributeStatisticsHook: expected train_dataloader.dataset '
                'to have attributes, as mmvision_ext.APascalAttributes has, '
                f'or to wrap such a dataset, found {type(outer).__name__}'
            )
        dataset = dataset.dataset
    return dataset
