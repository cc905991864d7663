"""mmengine's runner with checks before work and an account of what loads.

Chosen by ``runner_type = 'mmvision_ext.Runner'`` in the runtime bases; the
``train.py`` and ``test.py`` of mmdet and mmpretrain honour that key as well.
"""

import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import torch
from mmengine.config import Config, ConfigDict
from mmengine.model import (
    MMDistributedDataParallel,
    PretrainedInit,
    is_model_wrapper,
    revert_sync_batchnorm,
)
from mmengine.optim import OptimWrapper
from mmengine.runner import Runner as MMEngineRunner
from mmengine.runner.checkpoint import _load_checkpoint_to_model
from torch import nn

from mmvision_ext.engine.batch_size import (
    describe_batch_size,
    loader_batch_size,
)
from mmvision_ext.engine.checkpointing import (
    STRIP_WRAPPER,
    Renames,
    arrived_fraction,
    match_state_dict,
    read_source,
    require_optimizer_state,
    require_state,
    state_of,
)
from mmvision_ext.engine.unwrap import unwrapped
from mmvision_ext.registry import RUNNERS
from mmvision_ext.utils import InputError
from mmvision_ext.utils.config.build_errors import build_errors_named
from mmvision_ext.utils.config.check import check_config, check_runner


@RUNNERS.register_module()
class Runner(MMEngineRunner):
    """Runner that fails early, says what it loads, and trains on CPUs too.

    Beyond mmengine's runner it

    - checks the config before a model is built and before a dataset is read
      (:mod:`~mmvision_ext.utils.config.check`), and names the part of the
      config in which a constructor fails;
    - logs the effective batch size and learning rate in one line;
    - reports loaded, missing and mismatched entries of every checkpoint, and
      refuses one that gives the model almost nothing;
    - refuses to resume from what is not the state of this training;
    - runs distributed jobs on machines without a GPU (gloo).
    """

    _is_resuming = False
    _resumes_optimizer = True

    @classmethod
    def from_cfg(cls, cfg: Config | ConfigDict | dict) -> 'Runner':
        """Check a config and build a runner from it.

        Args:
            cfg: The complete config.

        Returns:
            The runner.

        Raises:
            InputError: If the config cannot work.
        """
        check_runner(cfg)
        with build_errors_named(cfg, getattr(cfg, 'filename', None)):
            return super().from_cfg(cfg)

    def setup_env(self, env_cfg: dict) -> None:
        """Set up processes; without a GPU the process group is gloo's.

        Args:
            env_cfg: As mmengine's ``env_cfg``; of ``dist_cfg`` only
                ``timeout``, in seconds, is used when CUDA is absent.
        """
        if (
            self.launcher == 'pytorch'
            and not torch.cuda.is_available()
            and not torch.distributed.is_initialized()
        ):
            seconds = (env_cfg.get('dist_cfg') or {}).get('timeout')
            torch.distributed.init_process_group(
                'gloo',
                timeout=None if seconds is None else timedelta(0, seconds),
            )
        super().setup_env(env_cfg)

    def wrap_model(
        self, model_wrapper_cfg: dict | None, model: nn.Module
    ) -> nn.Module:
        """Wrap the model for distributed training.

        Args:
            model_wrapper_cfg: As mmengine's; on CPUs its ``type`` is not
                used, its other keys are.
            model: The model to wrap.

        Returns:
            The model on its device, wrapped when the job is distributed.
        """
        # Some backbones freeze their stages in train(); DDP has to see that.
        model.train()
        on_cpus = self.distributed and not torch.cuda.is_available()
        if not on_cpus or is_model_wrapper(model):
            return super().wrap_model(model_wrapper_cfg, model)
        options = dict(
            broadcast_buffers=False,
            find_unused_parameters=self.cfg.get(
                'find_unused_parameters', False
            ),
        )
        options.update(model_wrapper_cfg or {})
        options.pop('type', None)
        # SyncBN exists on GPUs only.
        return MMDistributedDataParallel(
            module=revert_sync_batchnorm(model), **options
        )

    def train(self) -> nn.Module:
        """Check the config, then train.

        Returns:
            The trained model.

        Raises:
            InputError: If the config cannot work.
        """
        check_config(self.cfg, ('train', 'val'))
        with build_errors_named(self.cfg, self.cfg.filename):
            return super().train()

    def val(self) -> dict[str, float]:
        """Check the config, then validate.

        Returns:
            Metric name to value.

        Raises:
            InputError: If the config cannot work.
        """
        check_config(self.cfg, ('val',))
        with build_errors_named(self.cfg, self.cfg.filename):
            return super().val()

    def test(self) -> dict[str, float]:
        """Check the config, then test.

        Returns:
            Metric name to value.

        Raises:
            InputError: If the config cannot work.
        """
        check_config(self.cfg, ('test',))
        with build_errors_named(self.cfg, self.cfg.filename):
            return super().test()

    def scale_lr(
        self, optim_wrapper: OptimWrapper, auto_scale_lr: dict | None = None
    ) -> None:
        """Scale the learning rate as mmengine does, and say what is in force.

        Args:
            optim_wrapper: Holds the optimizer whose groups are scaled.
            auto_scale_lr: ``enable`` and ``base_batch_size``.
        """
        super().scale_lr(optim_wrapper, auto_scale_lr)
        text, right = describe_batch_size(
            self.world_size,
            loader_batch_size(self.train_dataloader),
            getattr(optim_wrapper, '_accumulative_counts', 1),
            _rates(optim_wrapper),
            auto_scale_lr or {},
        )
        self.logger.log(logging.INFO if right else logging.WARNING, text)

    def resume(
        self,
        filename: str,
        resume_optimizer: bool = True,
        *options: Any,
        **settings: Any,
    ) -> None:
        """Resume as mmengine does, from what is the state of this training.

        Args:
            filename: As :meth:`load_checkpoint`'s.
            resume_optimizer: Whether the optimizer's state is taken over.
            *options: As mmengine's.
            **settings: As mmengine's.

        Raises:
            InputError: If the file cannot be read, lacks what is needed, or
                has the state of another optimizer.
        """
        self._is_resuming = True
        self._resumes_optimizer = resume_optimizer
        try:
            super().resume(filename, resume_optimizer, *options, **settings)
        finally:
            self._is_resuming = False

    def load_checkpoint(
        self,
        filename: str,
        map_location: str | Callable = 'cpu',
        strict: bool = False,
        revise_keys: Renames = STRIP_WRAPPER,
    ) -> dict:
        """Load a checkpoint into the model and report what it gave.

        Args:
            filename: File, URL or ``scheme://name`` that mmengine reads.
            map_location: Not used: tensors are read on the CPU and copied
                to where the model and the optimizer have theirs.
            strict: Whether every entry has to match.
            revise_keys: (pattern, replacement) pairs for the names.

        Returns:
            The checkpoint.

        Raises:
            InputError: If it cannot be read without running code from it, or
                almost nothing of it fits the model.
        """
        checkpoint = read_source(filename)
        if self._is_resuming:
            require_state(checkpoint, str(filename))
            if self._resumes_optimizer:
                require_optimizer_state(
                    checkpoint, self.optim_wrapper, str(filename)
                )
        self.call_hook('after_load_checkpoint', checkpoint=checkpoint)
        model = unwrapped(self.model)
        state = state_of(checkpoint, renames=revise_keys)
        checkpoint = _load_checkpoint_to_model(
            model, checkpoint, strict, revise_keys=revise_keys
        )
        self._report_load(model, state, str(filename))
        self._has_loaded = True
        return checkpoint

    def _init_model_weights(self) -> None:
        """Initialise as mmengine does and report every pretrained part."""
        parts = [
            (module, state_of(read_source(source), prefix), source)
            for module, prefix, source in _pretrained_parts(
                unwrapped(self.model)
            )
        ]
        try:
            super()._init_model_weights()
        except AssertionError as error:
            if 'is not in the pretrained model' not in str(error):
                raise
            raise InputError(
                f'init_cfg.prefix: {error}; expected a prefix of the names '
                'in the file that init_cfg.checkpoint names'
            ) from error
        for module, state, source in parts:
            self._report_load(module, state, source)

    def _report_load(
        self, module: nn.Module, state: dict[str, torch.Tensor], source: str
    ) -> None:
        """Say what a module got from a checkpoint; refuse almost nothing."""
        values = module.state_dict()
        report = match_state_dict(values, state)
        if not report.is_match:  # modules may convert names while loading
            report.arrived_fraction = arrived_fraction(values, state)
        report.require_match(source)
        exact = not report.missing and not report.mismatched
        self.logger.log(
            logging.INFO if exact else logging.WARNING, report.summary(source)
        )


def _rates(optim_wrapper: OptimWrapper) -> str:
    """Learning rates of all groups: one number, or lowest to highest."""
    rates = sorted(
        {rate for group in optim_wrapper.get_lr().values() for rate in group}
    )
    if len(rates) == 1:
        return f'{rates[0]:g}'
    return f'{rates[0]:g} to {rates[-1]:g} ({len(rates)} different)'


def _pretrained_parts(
    model: nn.Module,
) -> Iterator[tuple[nn.Module, str | None, str]]:
    """Modules whose ``init_cfg`` names a checkpoint, with prefix and file."""
    for module in model.modules():
        init_cfg = getattr(module, 'init_cfg', None) or {}
        for entry in init_cfg if isinstance(init_cfg, list) else [init_cfg]:
            if entry.get('type') in ('Pretrained', PretrainedInit):
                yield module, entry.get('prefix'), entry['checkpoint']
