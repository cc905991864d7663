"""From a study to its runs: entry x seed, each with its resolved config."""

import fnmatch
import hashlib
import json
import os
import re
import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmengine.config import Config

from mmvision_ext.utils import InputError
from mmvision_ext.utils.config.options import fitted

from .overrides import apply_overrides, option
from .spec import Entry, Study

SEED_KEY = 'randomness.seed'
DATA_ROOT = re.compile(r'MMVISION_(\w+_)?ROOT')


@dataclass(frozen=True)
class Run:
    """One training.

    Attributes:
        name: Unique within the study; names its folder.
        group: Group of its entry.
        label: Label of its entry.
        config: Config file.
        options: Overrides and seed as ``key=value``.
        seed: Seed.
        work_dir: Its folder.
        config_text: The resolved config as JSON, without the place of the
            data on this machine (``$MMVISION_DATA_ROOT`` and the like).
        length: Number of epochs or iterations to train.
        by_epoch: Whether ``length`` counts epochs.
    """

    name: str
    group: str
    label: str
    config: str
    options: tuple[str, ...]
    seed: int
    work_dir: Path
    config_text: str
    length: int
    by_epoch: bool

    @property
    def config_hash(self) -> str:
        """First 12 digits of the resolved config's SHA-256."""
        return hashlib.sha256(self.config_text.encode()).hexdigest()[:12]

    @property
    def overrides(self) -> str:
        """Options without the seed, as a command line has them."""
        return shlex.join(
            text
            for text in self.options
            if not text.startswith(f'{SEED_KEY}=')
        )

    def command(self, script: str, resume: Path | None) -> list[str]:
        """The training command, without the interpreter.

        Args:
            script: Path of ``tools/train.py``.
            resume: Checkpoint to go on from; None starts anew.

        Returns:
            Script and arguments.
        """
        arguments = [script, self.config, '--work-dir', str(self.work_dir)]
        if resume is not None:
            arguments += ['--resume', str(resume)]
        return [*arguments, '--cfg-options', *self.options]


def plan_runs(
    study: Study, work_root: str | Path | None = None
) -> tuple[Run, ...]:
    """List the runs of a study.

    Args:
        study: The study.
        work_root: Folder of the runs; None takes ``work_dirs/<study>``.

    Returns:
        The runs, entry by entry.

    Raises:
        InputError: A config cannot be read, does not say how long to train,
            or an override does not fit it.
    """
    root = (
        Path('work_dirs') / study.name
        if work_root is None
        else Path(work_root)
    )
    return tuple(
        run
        for entry in study.entries
        for run in runs_of(entry, root, str(study.path))
    )


def select_runs(runs: Sequence[Run], pattern: str | None) -> tuple[Run, ...]:
    """Runs whose name matches a pattern.

    Args:
        runs: All runs.
        pattern: Shell pattern such as ``'*_seed0'``; None takes all.

    Returns:
        The runs that match.

    Raises:
        InputError: None does.
    """
    chosen = tuple(
        run
        for run in runs
        if pattern is None or fnmatch.fnmatchcase(run.name, pattern)
    )
    if not chosen:
        names = '\n'.join(f'  {run.name}' for run in runs)
        raise InputError(
            f"--only: expected a pattern such as '*_seed0', found "
            f"'{pattern}', which no run matches. The runs are\n{names}"
        )
    return chosen


def entry_config(entry: Entry, place: str) -> Config:
    """Resolve the config of an entry.

    Args:
        entry: The entry.
        place: The study file, for the message.

    Returns:
        The config with the overrides of the entry, without a seed and
        without the place of the data on this machine.

    Raises:
        InputError: The config cannot be read, or an override does not fit.
    """
    cfg = _read_config(entry.config, place)
    apply_overrides(cfg, entry.overrides, f'{place}: {entry.name}')
    return cfg


def runs_of(entry: Entry, root: Path, place: str) -> list[Run]:
    """List the runs of one entry.

    Args:
        entry: The entry.
        root: Folder of the runs.
        place: The file that asks for them, for messages.

    Returns:
        One run for each seed.

    Raises:
        InputError: See :func:`plan_runs`.
    """
    cfg = entry_config(entry, place)
    length, by_epoch = _length(cfg, place)
    overrides = fitted(cfg, entry.overrides)
    options = [option(*item) for item in overrides.items()]
    runs = []
    for seed in entry.seeds:
        cfg.merge_from_dict({SEED_KEY: seed})
        name = f'{entry.slug}_seed{seed}'
        runs.append(
            Run(
                name=name,
                group=entry.group,
                label=entry.label,
                config=entry.config,
                options=(*options, f'{SEED_KEY}={seed}'),
                seed=seed,
                work_dir=root / name,
                config_text=json.dumps(
                    cfg.to_dict(), sort_keys=True, default=repr
                ),
                length=length,
                by_epoch=by_epoch,
            )
        )
    return runs


def _read_config(path: str, place: str) -> Config:
    try:
        with _without_data_roots():
            # Modules named in custom_imports are the training's business.
            return Config.fromfile(path, import_custom_modules=False)
    except Exception as error:  # a config is a program
        raise InputError(
            f'{place}: the config {path} cannot be read: '
            f'{type(error).__name__}: {error}'
        ) from error


@contextmanager
def _without_data_roots() -> Iterator[None]:
    """Hide where this machine has its data: it is no part of a config."""
    hidden = {
        key: os.environ.pop(key)
        for key in list(os.environ)
        if DATA_ROOT.fullmatch(key)
    }
    try:
        yield
    finally:
        os.environ.update(hidden)


def _length(cfg: Config, place: str) -> tuple[int, bool]:
    """Epochs or iterations that a config trains for."""
    loop: dict[str, Any] = cfg.get('train_cfg') or {}
    for key, by_epoch in (('max_epochs', True), ('max_iters', False)):
        if loop.get(key):
            return int(loop[key]), by_epoch
    raise InputError(
        f'{place}: {cfg.filename}: expected train_cfg.max_epochs or '
        f'train_cfg.max_iters, found train_cfg = {dict(loop)}.'
    )
