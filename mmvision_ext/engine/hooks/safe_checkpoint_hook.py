"""Checkpoints of which a good one always exists."""

import copy
import functools
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mmengine.dist import is_main_process
from mmengine.fileio import LocalBackend
from mmengine.hooks import CheckpointHook
from mmengine.runner import Runner

from mmvision_ext.engine.checkpointing import (
    LAST_CHECKPOINT,
    TEMPLATES,
    CheckpointWriteError,
    checksum_fault,
    checksum_path,
    content_digest,
    fault_of,
    newest_good,
    on_main_process,
    read_checkpoint,
    remove_checkpoint,
    remove_leftovers,
    write_checkpoint,
    write_text,
)
from mmvision_ext.engine.non_finite import non_finite_at_start, require_finite
from mmvision_ext.engine.unwrap import unwrapped
from mmvision_ext.registry import HOOKS
from mmvision_ext.utils import InputError
from mmvision_ext.utils.config.walk import iter_hooks
from mmvision_ext.utils.type_name import type_name

_OUTDATED = 'outdated_ckpts'  # what a save makes superfluous, by name
_INTERRUPTED = 'interrupted_ckpt'  # the next regular save replaces it


@HOOKS.register_module()
class SafeCheckpointHook(CheckpointHook):
    """mmengine's CheckpointHook, made safe against interruption and damage.

    It takes the place of ``default_hooks.checkpoint`` in any runner of
    mmengine and has the same arguments, names and log. What differs:

    - a checkpoint is written under a temporary name, flushed, read back,
      renamed, and has a sha256 file beside it; only then the checkpoint that
      it replaces is removed (mmengine removes it first);
    - ``resume=True`` without a file takes the newest checkpoint that
      verifies, names what it rejected, and points ``last_checkpoint`` to it;
    - a file in ``load_from`` that has a checksum must have that content;
    - in a distributed job every process waits for the main one and learns of
      its failure;
    - weights, buffers and averages that are not finite are never saved;
    - no other hook may save to the same files, or remove them;
    - a published model is read without running code from it.

    Args:
        on_write_error: What happens when the system cannot write a
            checkpoint, for instance because the disk is full: ``'stop'``
            raises; ``'continue'`` logs it and trains on to the next save.
            The last save of a training raises in any case.
        **settings: As mmengine's; checkpoints have to go to a local or
            mounted folder.

    Raises:
        InputError: ``on_write_error`` is unknown, the checkpoints would go to
            a remote storage, or ``filename_tmpl`` does not have one place for
            their number.
    """

    def __init__(
        self, *, on_write_error: str = 'stop', **settings: Any
    ) -> None:
        if on_write_error not in ('stop', 'continue'):
            raise InputError(
                "SafeCheckpointHook: expected on_write_error to be 'stop' or "
                f"'continue', found {on_write_error!r}"
            )
        backend = {
            **(settings.get('file_client_args') or {}),
            **(settings.get('backend_args') or {}),
        }.get('backend', 'local')
        if backend != 'local' or '://' in str(settings.get('out_dir')):
            raise InputError(
                'SafeCheckpointHook: expected checkpoints to go to a local '
                f'folder, found backend {backend!r} and out_dir='
                f'{settings.get("out_dir")!r}; mount the storage, or use '
                "type='mmengine.CheckpointHook'"
            )
        super().__init__(**settings)
        if not _names_steps(self.filename_tmpl):
            raise InputError(
                'SafeCheckpointHook: expected filename_tmpl to have one place '
                "for the epoch or step, such as 'epoch_{}.pth', found "
                f'{self.filename_tmpl!r}'
            )
        self.on_write_error = on_write_error
        self.may_be_non_finite: frozenset[str] = frozenset()
        self._saved_step = -1  # of the last regular save of this process

    def before_run(self, runner: Runner) -> None:
        """Choose the checkpoint to resume from, or check the named one.

        Args:
            runner: The runner, before it loads anything.

        Raises:
            InputError: There are checkpoints and none verifies, the one that
                is named does not, or another hook saves to the same files.
        """
        _require_no_other(runner)
        on_main_process(functools.partial(self._check_start, runner))

    def before_train(self, runner: Runner) -> None:
        """Settle where checkpoints go and remove what a crash left there.

        Args:
            runner: The runner.
        """
        super().before_train(runner)
        self.file_backend = _LateRemoval()
        self.may_be_non_finite = non_finite_at_start(unwrapped(runner.model))
        last = runner.message_hub.runtime_info.get('last_ckpt')
        if runner._resume and last:
            # A validation that is made up for saves it again, with its best.
            self.last_ckpt = str(Path(self.out_dir) / Path(last).name)
        if is_main_process():
            self._tidy(runner)

    def save_interrupted(self, runner: Runner, meta: dict[str, int]) -> Path:
        """Save between two regular saves; the next of them replaces it.

        Args:
            runner: The runner.
            meta: Epochs and steps that are done, ``epoch`` and ``iter``.

        Returns:
            The checkpoint that the run resumes from: ``iter_<steps>.pth``, or
            a regular one of the same step.

        Raises:
            CheckpointWriteError: The system could not write it.
            NonFiniteError: The weights are not finite.
        """
        if (
            self._saved_step == meta['iter']
            and self.save_optimizer
            and self.save_param_scheduler
        ):
            return Path(self.last_ckpt)
        path = Path(self.out_dir) / f'iter_{meta["iter"]}.pth'
        runner.message_hub.update_info(_INTERRUPTED, path.name)
        self._safe(runner).save_checkpoint(
            self.out_dir, path.name, meta=dict(meta), by_epoch=False
        )
        pointer = Path(runner.work_dir) / LAST_CHECKPOINT
        on_main_process(functools.partial(_conclude, pointer, str(path), []))
        return path

    def _tidy(self, runner: Runner) -> None:
        """Remove what an interrupted save left."""
        out_dir, info = Path(self.out_dir), runner.message_hub.runtime_info
        resumed = Path(info.get('last_ckpt', ''))
        if resumed.resolve().parent == out_dir.resolve():
            for name in info.get(_OUTDATED, []):
                remove_checkpoint(out_dir / name)
        for folder in {out_dir, Path(runner.work_dir)}:
            for name in remove_leftovers(folder):
                runner.logger.info(
                    f'Removed {folder / name}, left by an interrupted save'
                )

    def _check_start(self, runner: Runner) -> None:
        named = runner._load_from
        if named is None:
            if runner._resume:
                self._choose(runner)
            return
        file = Path(named).expanduser()
        if not file.is_file():
            return  # an address, or the loader says what is missing
        if runner._resume:
            fault = fault_of(file)
        else:
            fault = (
                checksum_fault(file) if checksum_path(file).exists() else None
            )
        if fault:
            other = newest_good(
                file.parent, templates=(*TEMPLATES, self.filename_tmpl)
            ).path
            hint = f'; {other} verifies' if other else ''
            raise InputError(f'load_from: {file}: {fault}{hint}.')

    def _choose(self, runner: Runner) -> None:
        """Point ``last_checkpoint`` to the newest checkpoint that verifies."""
        work_dir = Path(runner.work_dir)
        folder = work_dir
        if self.out_dir is not None and self.out_dir != runner.work_dir:
            folder = Path(self.out_dir) / work_dir.name
        newest = newest_good(
            work_dir, folder, (*TEMPLATES, self.filename_tmpl)
        )
        if newest.path is None:
            if newest.rejected:
                raise InputError(
                    f'resume: {folder}: {newest.summary()}\nTo start from the '
                    'beginning, remove these files or leave --resume out.'
                )
            return
        if newest.rejected:
            runner.logger.warning(newest.summary())
        pointer = work_dir / LAST_CHECKPOINT
        path = str(newest.path)
        if not pointer.is_file() or pointer.read_bytes() != path.encode():
            _conclude(pointer, path, [])

    def _save_checkpoint(self, runner: Runner) -> None:
        is_last = (
            self.is_last_train_epoch(runner)
            if self.by_epoch
            else self.is_last_train_iter(runner)
        )
        with self._failure_policy(runner, is_last):
            super()._save_checkpoint(self._safe(runner))

    def _save_best_checkpoint(
        self, runner: Runner, metrics: dict[str, Any]
    ) -> None:
        if not self.save_best:
            return
        is_last = runner.iter >= runner.max_iters
        with self._failure_policy(runner, is_last):
            super()._save_best_checkpoint(self._safe(runner), metrics)
            on_main_process(
                functools.partial(_remove, self.file_backend.take())
            )

    def _save_checkpoint_with_step(
        self, runner: Runner, step: int, meta: dict[str, Any]
    ) -> None:
        """Save, then name it the last, then remove what is no longer kept."""
        outdated = self.file_backend.take()
        interrupted = runner.message_hub.runtime_info.pop(_INTERRUPTED, '')
        if interrupted != Path(self._path(step)).name:
            outdated += [Path(self.out_dir) / interrupted] * bool(interrupted)
        if self.max_keep_ckpts > 0 and step not in self.keep_ckpt_ids:
            if len(self.keep_ckpt_ids) == self.max_keep_ckpts:
                outdated.append(Path(self._path(self.keep_ckpt_ids[0])))
            self.keep_ckpt_ids.append(step)  # drops the first where full
            runner.message_hub.update_info(
                'keep_ckpt_ids', list(self.keep_ckpt_ids)
            )
        self.last_ckpt = self._path(step)
        runner.message_hub.update_info('last_ckpt', self.last_ckpt)
        # Where the process ends before they are removed, the next one does.
        runner.message_hub.update_info(
            _OUTDATED, [path.name for path in outdated]
        )
        runner.save_checkpoint(
            self.out_dir,
            Path(self.last_ckpt).name,
            save_optimizer=self.save_optimizer,
            save_param_scheduler=self.save_param_scheduler,
            meta=meta,
            by_epoch=self.by_epoch,
            **self.args,
        )
        self._saved_step = meta['iter']
        pointer = Path(runner.work_dir) / LAST_CHECKPOINT
        on_main_process(
            functools.partial(_conclude, pointer, self.last_ckpt, outdated)
        )

    def _path(self, step: int) -> str:
        return str(Path(self.out_dir) / self.filename_tmpl.format(step))

    def _safe(self, runner: Runner) -> Runner:
        """The same training, all parts shared, which saves safely."""
        view = copy.copy(runner)
        view.save_checkpoint = functools.partial(
            _save, runner, self.may_be_non_finite
        )
        return view

    def _publish_model(self, runner: Runner, ckpt_path: str) -> None:
        """Write the published keys to a file named by its sha256."""

        def publish() -> None:
            checkpoint = {
                key: value
                for key, value in read_checkpoint(ckpt_path).items()
                if key in self.published_keys
            }
            stem = Path(ckpt_path).with_suffix('')
            path = Path(f'{stem}-{content_digest(checkpoint)[:8]}.pth')
            write_checkpoint(checkpoint, path)
            runner.logger.info(f'{ckpt_path} is published as {path}')

        on_main_process(publish)

    @contextmanager
    def _failure_policy(self, runner: Runner, is_last: bool) -> Iterator[None]:
        """Where training goes on, forget the save that failed."""
        names = (
            'keep_ckpt_ids',
            'last_ckpt',
            '_saved_step',
            'best_ckpt_path',
            'best_ckpt_path_dict',
        )
        before = {
            name: copy.copy(getattr(self, name))
            for name in names
            if hasattr(self, name)
        }
        info = dict(runner.message_hub.runtime_info)
        try:
            yield
        except CheckpointWriteError as error:
            if self.on_write_error == 'stop' or is_last:
                raise
            for name, value in before.items():
                setattr(self, name, value)
            runner.message_hub.runtime_info.clear()
            runner.message_hub.runtime_info.update(info)
            self.file_backend.take()
            runner.logger.error(f'{error} Training goes on.')


def _names_steps(template: str) -> bool:
    """Whether a template gives every step a name of its own."""
    try:
        return template.format(1) != template.format(2)
    except (IndexError, KeyError, ValueError):
        return False  # two places, a named one, or a single brace


def _require_no_other(runner: Runner) -> None:
    """Refuse other hooks that save checkpoints to the same files.

    They share the account of the checkpoints to keep, too, so that one would
    remove those of the other after a resume.
    """
    hooks = [hook for hook in runner.hooks if isinstance(hook, CheckpointHook)]
    names = {(hook.out_dir, hook.filename_tmpl) for hook in hooks}
    if len(hooks) == 1 or (
        len(names) == len(hooks)
        and all(hook.max_keep_ckpts < 1 for hook in hooks)
        and sum(bool(hook.save_best) for hook in hooks) < 2
    ):
        return
    kinds = [type(hook) for hook in hooks]
    keys = [
        key for key, hook in iter_hooks(runner.cfg) if _is_one_of(hook, kinds)
    ]
    if 'checkpoint' not in (runner.cfg.get('default_hooks') or {}):
        keys.append('default_hooks.checkpoint (mmengine adds one if not set)')
    found = ', '.join(kind.__name__ for kind in kinds)
    raise InputError(
        f'{" and ".join(keys) or "hooks"}: expected one hook that saves '
        f'checkpoints, found {found}, which would write or remove the same '
        'files. Keep default_hooks.checkpoint and take the others out, or set '
        'default_hooks.checkpoint=None. Several work only with other names '
        '(by_epoch, filename_tmpl), max_keep_ckpts=-1, and save_best in one '
        'of them.'
    )


def _is_one_of(hook: Any, kinds: list[type]) -> bool:
    """Whether a hook of a config is of one of some classes."""
    kind = hook.get('type') if isinstance(hook, Mapping) else None
    return type_name(kind) in {kind.__name__ for kind in kinds}


class _LateRemoval(LocalBackend):
    """Local files; removing one waits until the new one is there."""

    def __init__(self) -> None:
        self._outdated: list[Path] = []

    def remove(self, filepath: str | Path) -> None:
        """Put a file on the list of those to remove.

        Args:
            filepath: The file.
        """
        self._outdated.append(Path(filepath))

    def take(self) -> list[Path]:
        """The list, which is empty afterwards."""
        taken, self._outdated = self._outdated, []
        return taken


class _Taken(Exception):
    """Carries the content of a checkpoint out of ``save_checkpoint``."""

    def __init__(self, checkpoint: dict[str, Any]) -> None:
        super().__init__()
        self.checkpoint = checkpoint


def _save(
    runner: Runner,
    may_be_non_finite: Collection[str],
    out_dir: str,
    filename: str,
    **options: Any,
) -> None:
    """Write what ``runner.save_checkpoint`` would; all processes call it."""

    def write() -> None:
        checkpoint = _content(runner, out_dir, filename, **options)
        path = Path(out_dir) / filename
        require_finite(checkpoint, str(path), may_be_non_finite)
        write_checkpoint(checkpoint, path)

    on_main_process(write)


def _content(
    runner: Runner, out_dir: str, filename: str, **options: Any
) -> dict[str, Any]:
    """What ``runner.save_checkpoint`` would write, after all its hooks.

    mmengine offers the content to the hooks and writes it in one method. A
    copy of the runner, which shares all its parts, leaves that method in
    between.
    """
    view = copy.copy(runner)

    def call_hook(fn_name: str, **arguments: Any) -> None:
        runner.call_hook(fn_name, **arguments)
        raise _Taken(arguments['checkpoint'])

    view.call_hook = call_hook
    try:
        type(runner).save_checkpoint(view, out_dir, filename, **options)
    except _Taken as taken:
        return taken.checkpoint
    raise InputError(
        f'SafeCheckpointHook: {type(runner).__name__}.save_checkpoint calls '
        'no before_save_checkpoint hooks; use a runner derived from '
        "mmengine's Runner"
    )


def _conclude(pointer: Path, last: str, outdated: list[Path]) -> None:
    """Name the last checkpoint, then remove those it makes superfluous."""
    try:
        write_text(pointer, last)
    except OSError as error:
        raise CheckpointWriteError(
            f'{last} is complete, but {pointer} could not be written: '
            f'{error.strerror or error}. Continue with --resume once that is '
            'mended.'
        ) from error
    _remove(outdated)


def _remove(outdated: list[Path]) -> None:
    for path in outdated:
        try:
            remove_checkpoint(path)
        except OSError as error:
            raise CheckpointWriteError(
                f'{path}: is no longer kept and could not be removed: '
                f'{error.strerror or error}. Continue with --resume once that '
                'is mended.'
            ) from error
