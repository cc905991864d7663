"""Parts of a model that stand still for some epochs, or for all of them."""

from collections.abc import Iterator, Sequence
from typing import Any

from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.parallel import DistributedDataParallel

from mmvision_ext.engine.unwrap import unwrapped
from mmvision_ext.registry import HOOKS
from mmvision_ext.utils import InputError
from mmvision_ext.utils.nearest import did_you_mean, nearest


@HOOKS.register_module()
class FreezeHook(Hook):
    """Hold submodules still: feature extraction, then fine-tuning.

    Frozen means ``requires_grad = False`` for every parameter and eval mode
    for every layer: the statistics of BatchNorm do not move, dropout and drop
    path are off. The optimizer is left alone: it holds all parameters from
    the start and passes over those without a gradient, weight decay included.

    What is frozen follows from the number of finished epochs only, so a run
    may be resumed before, at or after ``unfreeze_epoch``. A change of the
    learning rate at that epoch is a param scheduler's work, for instance
    ``dict(type='MultiStepLR', milestones=[unfreeze_epoch], gamma=0.01)``.

    Args:
        modules: Dotted names of submodules of the model.
        unfreeze_epoch: Number of epochs that are trained frozen; None for
            all of them.
        norm_eval: Whether the statistics of BatchNorm in these modules stand
            still after that as well, as mmdet's backbones do it. Statistics
            of few images are worse than those of the pretraining.

    Raises:
        InputError: If the arguments cannot be meant.
    """

    def __init__(
        self,
        modules: Sequence[str] = ('backbone',),
        unfreeze_epoch: int | None = None,
        norm_eval: bool = False,
    ) -> None:
        if isinstance(modules, str) or not modules:
            raise InputError(
                'FreezeHook: expected modules to be a list of submodule '
                f"names, found {modules!r}; write modules=['backbone']"
            )
        if unfreeze_epoch is not None and unfreeze_epoch < 1:
            raise InputError(
                'FreezeHook: expected unfreeze_epoch to be at least 1, found '
                f'{unfreeze_epoch}; leave the hook out to train everything '
                'from the start'
            )
        self.modules = tuple(modules)
        self.unfreeze_epoch = unfreeze_epoch
        self.norm_eval = norm_eval
        self._frozen: list[nn.Parameter] = []  # by this hook, not before it

    def before_train(self, runner: Runner) -> None:
        """Check the arguments against the model, then freeze if it is time.

        Args:
            runner: The runner, with its model and, when resumed, its epoch.

        Raises:
            InputError: If a module is not in the model, nothing would be left
                to train, the epoch is never reached, or the model is sharded.
        """
        model = runner.model
        if is_model_wrapper(model) and not isinstance(
            model, DistributedDataParallel
        ):
            raise InputError(
                'FreezeHook: expected a model wrapped in '
                f'MMDistributedDataParallel, found {type(model).__name__}; '
                'change model_wrapper_cfg'
            )
        self._check_names(unwrapped(model))
        if (
            self.unfreeze_epoch is not None
            and self.unfreeze_epoch >= runner.max_epochs
        ):
            raise InputError(
                f'FreezeHook: unfreeze_epoch={self.unfreeze_epoch} is never '
                f'reached in {runner.max_epochs} epoch(s) (an iteration-based '
                'loop counts as one); lower it, or use unfreeze_epoch=None to '
                'keep the modules frozen'
            )
        if self._is_frozen(runner):
            self._freeze(runner)
        else:
            runner.logger.info(
                f'{self._title()} train: {runner.epoch} epoch(s) are done, '
                f'frozen were the first {self.unfreeze_epoch}'
            )

    def before_train_epoch(self, runner: Runner) -> None:
        """Release the modules when their epochs are over.

        Args:
            runner: The runner.
        """
        if self._frozen and not self._is_frozen(runner):
            self._unfreeze(runner)

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None
    ) -> None:
        """Put the frozen modules, or their BatchNorm, back into eval mode.

        The loops call ``model.train()`` between ``before_train_epoch`` and
        this, an iteration-based loop every time.

        Args:
            runner: The runner.
            batch_idx: Not used.
            data_batch: Not used.
        """
        if self._is_frozen(runner):
            for module in self._submodules(runner):
                if module.training:
                    module.eval()
        elif self.norm_eval:
            for module in self._submodules(runner):
                for layer in module.modules():
                    if isinstance(layer, _BatchNorm):
                        layer.eval()

    def _is_frozen(self, runner: Runner) -> bool:
        return (
            self.unfreeze_epoch is None or runner.epoch < self.unfreeze_epoch
        )

    def _submodules(self, runner: Runner) -> Iterator[nn.Module]:
        """The modules by their names: wrapping may replace objects."""
        model = unwrapped(runner.model)
        return (model.get_submodule(name) for name in self.modules)

    def _freeze(self, runner: Runner) -> None:
        model = unwrapped(runner.model)
        inside = {
            parameter: None
            for module in self._submodules(runner)
            for parameter in module.parameters()
        }
        self._frozen = [p for p in inside if p.requires_grad]
        for parameter in self._frozen:
            parameter.requires_grad_(False)
        if not any(p.requires_grad for p in model.parameters()):
            raise InputError(
                f'FreezeHook: modules={list(self.modules)} leaves no '
                'parameter to train; name fewer modules'
            )
        _wrap_again(runner)
        until = (
            'for the whole training'
            if self.unfreeze_epoch is None
            else f'for the first {self.unfreeze_epoch} epoch(s)'
        )
        runner.logger.info(f'{self._title()} frozen {until}: {_counts(model)}')

    def _unfreeze(self, runner: Runner) -> None:
        for parameter in self._frozen:
            parameter.requires_grad_(True)
        self._frozen = []
        _wrap_again(runner)
        runner.logger.info(
            f'{self._title()} train from epoch {runner.epoch + 1} on: '
            f'{_counts(unwrapped(runner.model))}'
        )

    def _title(self) -> str:
        return f'FreezeHook: {", ".join(self.modules)}'

    def _check_names(self, model: nn.Module) -> None:
        known = [
            name
            for name, _ in model.named_modules(remove_duplicate=False)
            if name
        ]
        for name in self.modules:
            if name in known:
                continue
            parts = [child for child, _ in model.named_children()]
            hint = did_you_mean(name, known, 3) or nearest(name, parts)
            raise InputError(
                f"FreezeHook: the model has no module '{name}' (key modules)"
                f'{hint}'
            )


def _wrap_again(runner: Runner) -> None:
    """Tell DistributedDataParallel which parameters have a gradient now.

    It settles that when it is built. The old wrapper goes first: it listens
    to the parameters' gradients.
    """
    if not is_model_wrapper(runner.model):
        return
    runner.model = runner.model.module
    runner.model = runner.wrap_model(
        runner.cfg.get('model_wrapper_cfg'), runner.model
    )
    runner._maybe_compile('train_step')


def _counts(model: nn.Module) -> str:
    counts = {True: 0, False: 0}
    for parameter in model.parameters():
        counts[parameter.requires_grad] += parameter.numel()
    return f'{counts[False]:,} parameters frozen, {counts[True]:,} trainable'
