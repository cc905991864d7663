"""A training that is resumed ends as if it had not been interrupted."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mmengine.dist import get_world_size
from mmengine.hooks import Hook
from mmengine.runner import (
    IterBasedTrainLoop,
    Runner,
    find_latest_checkpoint,
)

from mmvision_ext.engine.resuming import (
    Place,
    SeededBatches,
    Stream,
    accumulated_gradients,
    accumulation_counts,
    describe_changes,
    find_stateful_parts,
    global_batch,
    is_validation_due,
    patience,
    read_place,
    restore_counts,
    restore_gradients,
    restore_patience,
    seed_batches,
    seed_generators,
)
from mmvision_ext.registry import HOOKS

_KEY = 'exact_resume'  # of the checkpoint


@dataclass
class _Checkpoint:
    """What a checkpoint tells beside weights."""

    source: str
    place: Place | None
    config: str
    has_optimizer: bool


@HOOKS.register_module()
class ExactResumeHook(Hook):
    """Make a resumed training equal to one that was never interrupted.

    Weights, optimizer, schedulers, loss scaler, moving average and best score
    are in mmengine's checkpoints. This hook adds what is missing, for any
    sampler and any epoch- or iteration-based loop of mmengine:

    - random numbers: those of a step follow from the seed and the step's
      number; the order of the samples and the augmentation of each one follow
      from the seed, the epoch and the sample's number in it
      (:class:`~mmvision_ext.engine.resuming.SeededBatches`). No generator has
      a past that a checkpoint would have to keep, neither in this process nor
      in workers or other processes, and validating draws no number that
      training misses;
    - position: a training that is resumed within an epoch goes on there,
      without reading the samples before;
    - a validation that was due between the checkpoint and the interruption is
      made up for; the state of EarlyStoppingHook; gradients that accumulate.

    What cannot be the same, such as another number of processes, and settings
    of the schedule that differ from the checkpoint's, are named in one
    warning each. It belongs in ``default_hooks``, in the first run as well as
    in the resumed one.
    """

    priority = 'LOWEST'  # the step's seed is the last word before it

    def __init__(self) -> None:
        self._batches: SeededBatches | None = None
        self._checkpoint: _Checkpoint | None = None
        self._skipped = 0  # steps of the first epoch that were done before
        self._epoch = 0
        self._first_step = 0  # of the epoch, by the loop's count
        self._is_validated = False

    def after_load_checkpoint(
        self, runner: Runner, checkpoint: dict[str, Any]
    ) -> None:
        """Remember what is restored when the training begins.

        Args:
            runner: The runner.
            checkpoint: What was read.

        Raises:
            InputError: Another version of this hook wrote its state.
        """
        if not runner._resume:
            return
        # As mmengine chooses it, which does not say which one it took.
        source = runner._load_from or find_latest_checkpoint(runner.work_dir)
        state = checkpoint.get(_KEY)
        self._checkpoint = _Checkpoint(
            str(source),
            None if state is None else read_place(state, str(source)),
            checkpoint['meta'].get('cfg', ''),
            'optimizer' in checkpoint,
        )

    def before_train(self, runner: Runner) -> None:
        """Take over the order of the samples, and go where the run stopped.

        Args:
            runner: The runner, resumed or not.
        """
        self._batches = seed_batches(runner)
        self._skipped = 0
        self._is_validated = False
        checkpoint, self._checkpoint = self._checkpoint, None
        if checkpoint is not None:
            self._go_on(runner, checkpoint)

    def before_train_epoch(self, runner: Runner) -> None:
        """Leave out the steps that were done.

        Args:
            runner: The runner.
        """
        skipped, self._skipped = self._skipped, 0
        self._epoch = runner.epoch
        self._first_step = runner.iter - skipped
        if self._batches is None:
            return
        self._batches.epoch = runner.epoch
        self._batches.skip(skipped)
        loop = runner.train_loop
        if isinstance(loop, IterBasedTrainLoop):
            # Its own way may read the samples that it skips.
            vars(loop.dataloader_iterator)['skip_iter'] = _skip_nothing
        elif skipped:
            # It counts the batches of an epoch, which begin later now.
            vars(loop)['run_iter'] = _counting_from(skipped, loop.run_iter)

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None
    ) -> None:
        """Seed the step.

        Args:
            runner: The runner.
            batch_idx: Not used.
            data_batch: Not used.
        """
        seed_generators(Stream.STEP, runner.seed, runner.iter, devices=True)
        self._is_validated = False

    def after_train_epoch(self, runner: Runner) -> None:
        """Let the loop count by itself again.

        Args:
            runner: The runner.
        """
        vars(runner.train_loop).pop('run_iter', None)

    def before_val_epoch(self, runner: Runner) -> None:
        """Note that it is validated.

        Args:
            runner: The runner.
        """
        self._is_validated = True

    def leave_validation(self) -> None:
        """Note that the validation under way is not brought to its end."""
        self._is_validated = False

    def before_save_checkpoint(
        self, runner: Runner, checkpoint: dict[str, Any]
    ) -> None:
        """Add what mmengine leaves out.

        Args:
            runner: The runner.
            checkpoint: What is saved; changed in place.
        """
        meta = checkpoint['meta']
        is_within = meta['epoch'] == self._epoch or isinstance(
            runner.train_loop, IterBasedTrainLoop
        )
        accumulated, gradients = accumulated_gradients(runner)
        place = Place(
            position=meta['iter'] - self._first_step if is_within else 0,
            batch=global_batch(runner),
            processes=get_world_size(),
            sampler_seed=getattr(self._sampler, 'seed', None),
            is_validated=self._is_validated,
            accumulated=accumulated,
            gradients=gradients,
            counts=accumulation_counts(runner),
            patience=patience(runner),
        )
        checkpoint[_KEY] = vars(place)

    @property
    def _sampler(self) -> Any:
        return self._batches.sampler if self._batches else None

    def _go_on(self, runner: Runner, checkpoint: _Checkpoint) -> None:
        """Restore the state of a checkpoint, and say what will differ."""
        place = checkpoint.place
        differences = self._lacking(runner, checkpoint)
        if place is not None:
            differences += self._restore(runner, place, checkpoint.source)
        elif self._batches is not None:
            self._skipped = _position(runner)
        if differences:
            runner.logger.warning(
                'ExactResumeHook: this training will not be equal to an '
                'uninterrupted one:\n'
                + '\n'.join(f'  {difference}' for difference in differences)
            )
        _compare_configs(runner, checkpoint.config)
        self._epoch = runner.epoch
        self._first_step = runner.iter - self._skipped
        is_within = self._skipped and not isinstance(
            runner.train_loop, IterBasedTrainLoop
        )
        if place is None or place.is_validated or is_within:
            return
        if is_validation_due(runner):
            runner.logger.info(
                'ExactResumeHook: the validation after the last step was not '
                'done yet'
            )
            runner.val_loop.run()

    def _lacking(self, runner: Runner, checkpoint: _Checkpoint) -> list[str]:
        """What neither checkpoint nor data can tell, a line each."""
        lacking = []
        if checkpoint.place is None:
            lacking.append(
                'the checkpoint was saved without ExactResumeHook: random '
                'numbers are others from here on'
            )
        if not checkpoint.has_optimizer:
            lacking.append(
                'the checkpoint has no state of the optimizer (best ones have '
                'none): momentum starts from zero'
            )
        if self._batches is None:
            lacking.append(
                'the data loader has no batch sampler, or an iterable '
                'dataset, or a loop of its own: it begins its epoch again'
            )
        return lacking + find_stateful_parts(runner.cfg.to_dict())

    def _restore(self, runner: Runner, place: Place, source: str) -> list[str]:
        """Restore a state; what differs, a line each."""
        differences = []
        processes, batch = get_world_size(), global_batch(runner)
        if self._batches is not None:
            self._skipped = place.position
            if place.sampler_seed is not None:
                self._sampler.seed = place.sampler_seed
            if batch and place.batch:
                self._skipped = place.position * place.batch // batch
        restore_gradients(runner, place.gradients, source)
        restore_counts(runner, place.counts)
        restore_patience(runner, place)
        if processes != place.processes:
            differences.append(
                f'{place.processes} process(es), now {processes}: dropout '
                'and sums over processes come out differently'
            )
        if place.accumulated and not place.gradients:
            differences.append(
                'the checkpoint was saved while gradients accumulated on '
                f'{place.processes} processes: those are lost'
            )
        if accumulation_counts(runner).keys() != place.counts.keys():
            differences.append(
                'the checkpoint does not tell how far each of several '
                'optimizers was with the gradients it accumulates: they begin '
                'to count again'
            )
        if batch != place.batch:
            differences.append(
                f'{place.batch} samples a step, now {batch}: samples go on '
                f'where they were; steps are counted on from {runner.iter}'
            )
        return differences


def _position(runner: Runner) -> int:
    """Steps that a checkpoint of mmengine did in its epoch."""
    loop = runner.train_loop
    if isinstance(loop, IterBasedTrainLoop):
        return loop.iter
    length = len(loop.dataloader)
    position = loop.iter - loop.epoch * length
    return position if 0 <= position <= length else 0


def _compare_configs(runner: Runner, saved: str) -> None:
    try:
        changes = describe_changes(saved, runner.cfg.pretty_text)
    except SyntaxError:
        return  # objects in the config: it was not written in a file
    if changes:
        runner.logger.warning(f'ExactResumeHook: {changes}')


def _skip_nothing(num_iters: int) -> None:
    """Skip no batch: the batch sampler does."""


def _counting_from(
    first: int, run_iter: Callable[[int, Any], None]
) -> Callable[[int, Any], None]:
    """Shift the number of a batch in its epoch."""
    return lambda idx, data_batch: run_iter(first + idx, data_batch)
