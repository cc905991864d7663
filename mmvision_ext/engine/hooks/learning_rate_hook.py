"""Learning rates of all parameter groups."""

from collections.abc import Sequence
from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import nn

from mmvision_ext.engine.unwrap import unwrapped
from mmvision_ext.registry import HOOKS
from mmvision_ext.utils import InputError

from .common import single_optimizer
from .parameter_names import cover_name


@HOOKS.register_module()
class LearningRateHook(Hook):
    """Log the learning rate of every parameter group.

    mmengine's LoggerHook logs the first group's and, where there are several,
    the optimizer's base rate. This hook adds ``lr/NAME`` to the visualizer's
    scalars. Groups that start from one rate share a name: the ``name`` that
    all of them carry, else the modules whose parameters they hold, such as
    ``lr/backbone`` and ``lr/head``.

    Args:
        interval: Iterations from one record to the next.

    Raises:
        InputError: If the interval is not positive.
    """

    def __init__(self, interval: int = 50) -> None:
        if interval < 1:
            raise InputError(
                'LearningRateHook: expected interval to be at least 1, found '
                f'{interval}'
            )
        self.interval = interval
        self._group_of: dict[str, int] = {}

    def before_train(self, runner: Runner) -> None:
        """Name the groups.

        Args:
            runner: The runner, with its optimizer and schedulers.

        Raises:
            InputError: If there are several optimizers.
        """
        wrapper = single_optimizer(runner, 'LearningRateHook')
        groups = wrapper.optimizer.param_groups
        self._group_of = group_names(unwrapped(runner.model), groups)

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Any = None,
    ) -> None:
        """Log the rates of this iteration; the scheduler comes later.

        Args:
            runner: The runner.
            batch_idx: Not used.
            data_batch: Not used.
            outputs: Not used.
        """
        if not self.every_n_train_iters(runner, self.interval):
            return
        groups = runner.optim_wrapper.optimizer.param_groups
        record: dict[str, float] = {
            f'lr/{name}': float(groups[index]['lr'])
            for name, index in self._group_of.items()
        }
        # As in LoggerHook's records, by which readers know training ones.
        record['iter'] = runner.iter + 1
        if runner.log_processor.by_epoch:
            record['epoch'] = runner.epoch + 1
        runner.visualizer.add_scalars(record, step=runner.iter + 1)


def group_names(
    model: nn.Module, groups: Sequence[dict[str, Any]]
) -> dict[str, int]:
    """Name the learning rates of an optimizer.

    Schedulers multiply all groups alike, so those that start from one rate
    keep one rate.

    Args:
        model: The model that is trained.
        groups: The optimizer's parameter groups.

    Returns:
        Name to the index of one group with that learning rate.
    """
    alike: dict[float, list[int]] = {}
    for index, group in enumerate(groups):
        rate = float(group.get('initial_lr', group['lr']))
        alike.setdefault(rate, []).append(index)
    everything = [p for group in groups for p in group['params']]
    covers = [
        cover_name(
            model,
            [p for i in members for p in groups[i]['params']],
            everything,
        )
        for members in alike.values()
    ]
    names = []
    for members, cover in zip(alike.values(), covers, strict=True):
        given = {groups[index].get('name') for index in members}
        [name] = given if len(given) == 1 else [None]
        names.append(name or cover)
    if len(set(names)) < len(names):  # a given name at several rates
        names = covers
    return {
        name: members[0]
        for name, members in zip(names, alike.values(), strict=True)
    }
