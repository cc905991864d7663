"""Trainings that can be timed epoch by epoch, in turn with others."""

from typing import Protocol

import torch
import torch.nn.functional as F
from mmengine.config import Config
from mmengine.device import get_device
from mmengine.optim import build_optim_wrapper
from mmengine.registry import DATASETS, MODELS, DefaultScope

from mmvision_ext.engine.clock import now
from mmvision_ext.engine.launch import build_runner

_WARM_UP = 2  # first iterations of an epoch that do not count


class Contender(Protocol):
    """A training.

    Attributes:
        num_iterations: Iterations of an epoch.
    """

    num_iterations: int

    def epoch(self) -> float:
        """Train for an epoch.

        Returns:
            Mean seconds of an iteration, without the first two.
        """


class RunnerContender:
    """A config's own training: data loader, loop and hooks.

    Args:
        config: From :func:`~mmvision_ext.engine.speed.configs.speed_config`,
            with ``work_dir``.
    """

    def __init__(self, config: Config) -> None:
        self.runner = build_runner(config)
        self.runner.train()  # no epoch: sets everything up
        self.loop = self.runner.train_loop
        self.num_iterations = len(self.loop.dataloader)

    def epoch(self) -> float:
        """Train for an epoch as the loop does.

        Returns:
            Mean seconds of an iteration, without the first two.
        """
        self.runner.call_hook('before_train_epoch')
        self.runner.model.train()
        start = 0.0
        for index, batch in enumerate(self.loop.dataloader):
            self.loop.run_iter(index, batch)
            if index + 1 == _WARM_UP:
                start = now()
        seconds = now() - start
        self.runner.call_hook('after_train_epoch')
        self.loop._epoch += 1
        return seconds / (self.num_iterations - _WARM_UP)


class BareContender:
    """The same network and optimizer on one batch that lies ready.

    No data, no augmentation, no hooks, no log: the limit for any loop.

    Args:
        config: As for :class:`RunnerContender`, the way ``'ours'``.
        iterations: Iterations of an epoch.
    """

    def __init__(self, config: Config, iterations: int) -> None:
        self.num_iterations = iterations
        device = torch.device(get_device())
        settings = config.model.to_dict()
        compile_options = settings.pop('compile', None)
        settings['data_preprocessor'] = config.data_preprocessor.to_dict()
        loader = config.train_dataloader
        with DefaultScope.overwrite_default_scope(config.default_scope):
            self.model = MODELS.build(settings)
            self.model.init_weights()
            self.model.to(device).train()
            dataset = DATASETS.build(loader.dataset.to_dict())
            self.wrapper = build_optim_wrapper(
                self.model, config.optim_wrapper.to_dict()
            )
        data = dataset.__getitems__(torch.arange(loader.batch_size))
        batch = self.model.data_preprocessor(data, False)
        self.inputs = batch['inputs']
        self.labels = batch['data_samples'].gt_label
        self.network = self.model
        if compile_options is not None:
            self.network = torch.compile(self.model, **compile_options)

    def epoch(self) -> float:
        """Train on the batch.

        Returns:
            Mean seconds of an iteration, without the first two.
        """
        start = 0.0
        for index in range(self.num_iterations):
            with self.wrapper.optim_context(self.model):
                logits = self.network(self.inputs)
            loss = F.cross_entropy(logits.float(), self.labels)
            self.wrapper.optimizer.zero_grad()
            loss.backward()
            self.wrapper.optimizer.step()
            if index + 1 == _WARM_UP:
                start = now()
        return (now() - start) / (self.num_iterations - _WARM_UP)
