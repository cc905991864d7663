"""What a training does about image files that cannot be read."""

import logging
from pathlib import Path
from typing import Any

from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.runner import Runner

from mmvision_ext.engine.images import (
    CASE_FILE,
    ImageGuard,
    guard_dataset,
    iter_leaves,
    read_entries,
    write_entry,
)
from mmvision_ext.registry import HOOKS
from mmvision_ext.utils import InputError

_POLICIES = ('raise', 'replace')


@HOOKS.register_module()
class CorruptImageHook(Hook):
    """Stop at images that cannot be read, or replace a few of them.

    For every dataset of mmengine, mmdet, mmpretrain and this package whose
    pipeline reads image files, inside any wrapper. Stock datasets stop with
    an error that does not name the file, or draw another sample at random.

    Every faulty image is named in the log and in ``corrupt_images.json`` of
    the work directory, counted once over all workers and processes. A run
    that is resumed goes on with that count.

    Args:
        policy: ``'raise'`` stops at the first faulty image. ``'replace'``
            takes the next sample of the dataset in its place, the same one in
            every epoch and on a rerun, whatever the workers. Validation and
            test always stop: a metric over other images is another metric.
        max_share: Share of a dataset's samples that may be replaced, in
            [0, 1]; above it the training stops.
        interval: Steps between two exchanges of the count, of the processes
            of a job, and with the log.

    Raises:
        InputError: An argument cannot be used.
    """

    def __init__(
        self,
        policy: str = 'raise',
        max_share: float = 0.01,
        interval: int = 50,
    ) -> None:
        if policy not in _POLICIES:
            raise InputError(
                "CorruptImageHook: expected policy to be 'raise' or "
                f"'replace', found {policy!r}"
            )
        if not 0 <= max_share <= 1 or interval < 1:
            raise InputError(
                'CorruptImageHook: expected max_share in [0, 1] and interval '
                f'of at least 1, found {max_share} and {interval}'
            )
        self.policy = policy
        self.max_share = max_share
        self.interval = interval
        self._guards: dict[str, list[ImageGuard]] = {}
        self._reported: dict[str, set[int]] = {}

    def before_train(self, runner: Runner) -> None:
        """Check the images of the training.

        Args:
            runner: The runner, before its workers start.
        """
        share = self.max_share if self.policy == 'replace' else None
        self._guard(runner, runner.train_loop, 'train_dataloader', share)

    def before_val(self, runner: Runner) -> None:
        """Check the images of the validation.

        Args:
            runner: The runner.
        """
        self._guard(runner, runner.val_loop, 'val_dataloader', None)

    def before_test(self, runner: Runner) -> None:
        """Check the images of the test.

        Args:
            runner: The runner.
        """
        self._guard(runner, runner.test_loop, 'test_dataloader', None)

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Any = None,
    ) -> None:
        """Count now and then.

        Args:
            runner: The runner.
            batch_idx: Not used.
            data_batch: Not used.
            outputs: Not used.
        """
        if self.every_n_train_iters(runner, self.interval):
            self._count(runner)

    def after_train_epoch(self, runner: Runner) -> None:
        """Count.

        Args:
            runner: The runner.
        """
        self._count(runner)

    def after_train(self, runner: Runner) -> None:
        """Count for the last time.

        Args:
            runner: The runner.
        """
        self._count(runner)
        for guard in self._replacing():
            runner.logger.info(
                f'{guard.name}: {len(guard.cases)} of {len(guard.dataset)} '
                f'images faulty and replaced (at most {guard.limit})'
            )

    def _guard(
        self, runner: Runner, loop: Any, key: str, share: float | None
    ) -> None:
        """Let all datasets of a loop check their images, once."""
        dataset = getattr(getattr(loop, 'dataloader', None), 'dataset', None)
        if key in self._guards and key != 'train_dataloader':
            return
        out = Path(runner.work_dir) / CASE_FILE
        earlier = read_entries(out) if runner._resume else {}
        guards = self._guards[key] = []
        for place, leaf in iter_leaves(dataset, f'{key}.dataset'):
            if self._is_guarded(leaf, key):
                continue
            guard = guard_dataset(leaf, place, share, out)
            if guard is None:
                print_log(
                    f'CorruptImageHook: {place} ({type(leaf).__name__}) reads '
                    'no image files by its pipeline: not checked',
                    logger=runner.logger,
                    level=logging.DEBUG,
                )
                continue
            if guard.limit is not None and place in earlier:
                guard.restore(earlier[place])
            self._reported[place] = set(guard.cases.indices())
            if is_main_process():
                entry = guard.entry() if guard.limit is not None else None
                write_entry(out, place, entry)
            guards.append(guard)

    def _is_guarded(self, dataset: Any, key: str) -> bool:
        """Whether another loop, which shares the dataset, checks it."""
        guard = getattr(dataset, '__dict__', {}).get('prepare_data')
        return any(
            guard is other
            for name, guards in self._guards.items()
            for other in guards
            if name != key
        )

    def _replacing(self) -> list[ImageGuard]:
        return [
            guard
            for guard in self._guards.get('train_dataloader', [])
            if guard.limit is not None
        ]

    def _count(self, runner: Runner) -> None:
        """Sum over processes; name what is new; stop above the limit."""
        for guard in self._replacing():
            guard.cases.merge()
            reported = self._reported[guard.key]
            new = [
                index
                for index in guard.cases.indices()
                if index not in reported
            ]
            if not new:
                continue
            reported.update(new)
            for index in new:
                runner.logger.warning(guard.describe(index))
            if is_main_process():
                write_entry(guard.out, guard.key, guard.entry())
            guard.check_limit()
