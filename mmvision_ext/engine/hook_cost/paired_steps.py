"""Two trainings in one process that take their steps in turn."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from mmengine.runner import IterBasedTrainLoop, Runner
from torch.utils.data import Sampler

from mmvision_ext.engine.hooks.exact_resume_hook import ExactResumeHook
from mmvision_ext.engine.resuming import SeededIndices


class Clock:
    """The processor's time of this process, as far as it counts."""

    def __init__(self) -> None:
        self._started = 0.0
        self._uncounted = 0.0

    def restart(self) -> None:
        """Begin at zero."""
        self._uncounted = 0.0
        self._started = time.process_time()

    def seconds(self) -> float:
        """Seconds since the start that count."""
        return time.process_time() - self._started - self._uncounted

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Leave out what is done meanwhile."""
        begin = time.process_time()
        yield
        self._uncounted += time.process_time() - begin

    def stopped_walk(self, items: Iterator[Any]) -> Iterator[Any]:
        """Walk, and leave out what it takes to find the next item.

        Args:
            items: What is walked through.

        Yields:
            Items.
        """
        end = object()
        while True:
            with self.stopped():
                item = next(items, end)
            if item is end:
                return
            yield item


class SteppedLoop(IterBasedTrainLoop):
    """A loop whose steps are taken from outside.

    Args:
        runner: The runner; its training gets this loop.
        steps: How many there will be.
        body: What takes them; called between the hooks before and after a
            training.
    """

    def __init__(
        self, runner: Runner, steps: int, body: Callable[[], None]
    ) -> None:
        super().__init__(runner, runner._train_dataloader, steps)
        runner._train_loop = self
        self._body = body

    def run(self) -> Any:
        """Prepare the training, have its steps taken, and end it.

        Returns:
            The model.
        """
        self.runner.call_hook('before_train')
        self.runner.call_hook('before_train_epoch')
        self.runner.model.train()
        self._body()
        self.runner.call_hook('after_train_epoch')
        self.runner.call_hook('after_train')
        return self.runner.model

    def step(self) -> None:
        """Read a batch and train on it."""
        self.run_iter(next(self.dataloader_iterator))


class UncountedResumeHook(ExactResumeHook):
    """Gives a training the random numbers of ExactResumeHook for nothing.

    Args:
        clock: Stands still while a generator is seeded.
    """

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock

    def before_train(self, runner: Runner) -> None:
        """Put samples in order without being counted.

        Args:
            runner: The runner.
        """
        super().before_train(runner)
        loader = runner.train_loop.dataloader
        object.__setattr__(
            loader,
            'batch_sampler',
            _UncountedBatches(loader.batch_sampler, self._clock),
        )

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None
    ) -> None:
        """Seed the step without being counted.

        Args:
            runner: The runner.
            batch_idx: Not used.
            data_batch: Not used.
        """
        with self._clock.stopped():
            super().before_train_iter(runner, batch_idx, data_batch)


class _UncountedBatches(Sampler):
    """Batches whose seeding and order are not counted."""

    def __init__(self, batches: Any, clock: Clock) -> None:
        self._batches = batches
        self._clock = clock

    def __len__(self) -> int:
        return len(self._batches)

    def __getattr__(self, name: str) -> Any:
        """What else the batch sampler has, such as ``sampler``."""
        if name == '_batches':  # not there yet
            raise AttributeError(name)
        return getattr(self._batches, name)

    def __iter__(self) -> Iterator[Any]:
        for batch in self._clock.stopped_walk(iter(self._batches)):
            if isinstance(batch, SeededIndices):
                batch = _UncountedIndices(batch, self._clock)
            yield batch


class _UncountedIndices(list):
    """Indices that seed the augmentation without being counted."""

    def __init__(self, batch: Any, clock: Clock) -> None:
        self._batch = batch
        self._clock = clock

    def __iter__(self) -> Iterator[Any]:
        return self._clock.stopped_walk(iter(self._batch))
