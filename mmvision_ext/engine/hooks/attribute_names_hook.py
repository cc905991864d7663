"""The attributes of the data, told to a head that knows them by words."""

from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmvision_ext.engine.unwrap import unwrapped
from mmvision_ext.registry import HOOKS
from mmvision_ext.utils import InputError


@HOOKS.register_module()
class AttributeNamesHook(Hook):
    """Give the head the names of the labels, in their order.

    An embedding file may have more names, or another order; the labels of a
    published file come in an order of their own.
    """

    def before_train(self, runner: Runner) -> None:
        """Use the attributes of the training data.

        Args:
            runner: The runner.

        Raises:
            InputError: If the head takes no names, or has none of one.
        """
        _tell(runner, runner.train_dataloader.dataset)

    def before_val(self, runner: Runner) -> None:
        """Use the attributes of the validation data, outside a training.

        Args:
            runner: The runner.

        Raises:
            InputError: If the head takes no names, or has none of one.
        """
        _tell(runner, runner.val_dataloader.dataset)

    def before_test(self, runner: Runner) -> None:
        """Use the attributes of the test data.

        Args:
            runner: The runner.

        Raises:
            InputError: If the head takes no names, or has none of one.
        """
        _tell(runner, runner.test_dataloader.dataset)


def _tell(runner: Runner, dataset: Any) -> None:
    head: Any = getattr(unwrapped(runner.model), 'head', None)
    if not hasattr(head, 'set_names'):
        raise InputError(
            'AttributeNamesHook: expected a model.head that takes names, such '
            f'as mmvision_ext.TextAttributeHead, found {type(head).__name__}. '
            'Take the hook out of custom_hooks.'
        )
    head.set_names(dataset.metainfo['classes'])
