"""The models that the page offers, found in folders or named one by one."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mmvision_ext.apis.task import Task, task_of
from mmvision_ext.engine.checkpointing import has_checkpoints, newest_good
from mmvision_ext.utils import InputError
from mmvision_ext.utils.config.read import read_config


@dataclass(frozen=True)
class Entry:
    """A model that can be loaded.

    Attributes:
        name: What the page calls it.
        task: What it does.
        config: Its config file.
        checkpoint: Its weights; None takes the newest checkpoint that
            verifies beside the config.
    """

    name: str
    task: Task
    config: Path
    checkpoint: Path | None = None

    def find_checkpoint(self) -> Path:
        """Choose the weights.

        Returns:
            The checkpoint.

        Raises:
            InputError: No checkpoint beside the config verifies.
        """
        if self.checkpoint is not None:
            return self.checkpoint
        folder = self.config.parent
        newest = newest_good(folder)
        if newest.path is None:
            raise InputError(
                f'model {self.name}: expected a checkpoint in {folder}, '
                f'found that {newest.summary()}. Train it again, or name the '
                'file: --model NAME=CONFIG.py:CHECKPOINT'
            )
        return newest.path


@dataclass(frozen=True)
class Catalog:
    """All models that the page offers.

    Attributes:
        entries: The models, by name.
        left_out: A message for each that cannot be offered.
    """

    entries: tuple[Entry, ...]
    left_out: tuple[str, ...] = ()


def find_models(folders: Sequence[str | Path]) -> Catalog:
    """Find what was trained in folders, at any depth.

    A work directory is a model: it holds checkpoints and the config that
    ``tools/train.py`` wrote beside them, of several the one written last.

    Args:
        folders: Such as ``work_dirs/quickstart``. A model is called after
            its folder, from the name of these on: ``quickstart/train``.

    Returns:
        The models.

    Raises:
        InputError: There is no such folder, or no model in any.
    """
    entries, left_out = [], []
    for folder in map(Path, folders):
        if not folder.is_dir():
            raise InputError(
                f'--models: expected a folder, found none at {folder}.'
            )
        for place, config in _work_dirs(folder):
            root = folder.resolve()
            name = place.resolve().relative_to(root.parent).as_posix()
            try:
                task = _task(config)
            except InputError as error:
                left_out.append(f'{name}: {error}')
            else:
                entries.append(Entry(name, task, config))
    if not entries:
        listed = ''.join(f'\n  {text}' for text in left_out)
        raise InputError(
            '--models: expected a folder with a trained model (a config and '
            f'checkpoints) in {", ".join(map(str, folders))}, found none.'
            f'{listed}\nbash tools/quickstart.sh trains one in '
            'work_dirs/quickstart.'
        )
    return Catalog(tuple(entries), tuple(left_out))


def named_model(name: str, config: str, checkpoint: str) -> Entry:
    """A model that the user names.

    Args:
        name: What the page calls it.
        config: Config file.
        checkpoint: File of the weights.

    Returns:
        The model.

    Raises:
        InputError: The config cannot be used, or there is no such file.
    """
    task = _task(config)
    if not Path(checkpoint).is_file():
        raise InputError(
            f'--model {name}: expected a checkpoint, found no file at '
            f'{checkpoint}.'
        )
    return Entry(name, task, Path(config), Path(checkpoint))


def join(entries: Sequence[Entry], left_out: Sequence[str] = ()) -> Catalog:
    """Put models together.

    Args:
        entries: The models.
        left_out: Messages about others.

    Returns:
        All of them; a number is added where two have one name.
    """
    taken: set[str] = set()
    named = []
    for entry in entries:
        name, number = entry.name, 2
        while name in taken:
            name, number = f'{entry.name} ({number})', number + 1
        taken.add(name)
        named.append(Entry(name, entry.task, entry.config, entry.checkpoint))
    return Catalog(tuple(named), tuple(left_out))


def _task(path: str | Path) -> Task:
    """What the model of a config file does."""
    config = read_config(path)
    if not config.get('model'):
        raise InputError(f'{path}: model: expected in the config, found none.')
    return task_of(config)


def _work_dirs(root: Path) -> Iterator[tuple[Path, Path]]:
    """Folders with checkpoints and a config, and the config."""
    for name, folders, files in os.walk(root):
        place = Path(name)
        configs = [place / file for file in files if file.endswith('.py')]
        if configs and has_checkpoints(place):
            folders.clear()
            yield place, max(configs, key=lambda path: path.stat().st_mtime)
        else:
            folders[:] = sorted(
                folder for folder in folders if not folder.startswith('.')
            )
