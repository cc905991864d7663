"""The models of the page, loaded when they are first asked for."""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmvision_ext.apis.task import Task, load_inferencer
from mmvision_ext.utils import InputError

from .catalog import Catalog, Entry

if TYPE_CHECKING:
    from mmvision_ext.models.text import TextEncoder

#: Detections below this confidence are not kept; the page's slider begins
#: here.
LOWEST_SCORE = 0.05

WORDS: Task = 'open-vocabulary detection'


@dataclass(frozen=True)
class Loaded:
    """A model, ready to be used.

    Attributes:
        entry: Which one it is.
        checkpoint: Its weights.
        run: The inferencer of :mod:`mmvision_ext.apis`.
        words: The words of its training, of a detector of words.
    """

    entry: Entry
    checkpoint: Path
    run: Any
    words: tuple[str, ...] = ()

    @property
    def origin(self) -> dict[str, str]:
        """Where its results come from, for JSON."""
        return dict(
            model=self.entry.name,
            config=self.entry.config.name,
            checkpoint=self.checkpoint.name,
        )


class ModelStore:
    """Models by name; the last ones used stay loaded.

    Args:
        catalog: The models.
        device: Such as ``'cuda:0'`` or ``'cpu'``; None takes the first GPU
            where there is one.
        encoder: Encodes words that detectors of words do not know; None for
            the words of their files only.
        capacity: Number of models that stay loaded.
    """

    def __init__(
        self,
        catalog: Catalog,
        device: str | None = None,
        encoder: 'TextEncoder | None' = None,
        capacity: int = 2,
    ) -> None:
        self.catalog = catalog
        self._device = device
        self._encoder = encoder
        self._capacity = capacity
        self._loaded: OrderedDict[str, Loaded] = OrderedDict()
        self._lock = threading.Lock()

    def names(self, task: Task) -> list[str]:
        """Models for a task.

        Args:
            task: The task.

        Returns:
            Their names.
        """
        return [
            entry.name for entry in self.catalog.entries if entry.task == task
        ]

    def get(self, name: str, task: Task) -> Loaded:
        """Load a model, unless it is loaded.

        Args:
            name: Its name.
            task: What it has to do.

        Returns:
            The model.

        Raises:
            InputError: There is no such model, or it cannot be loaded.
        """
        with self._lock:
            if name not in self.names(task):
                raise InputError(
                    f'model: expected one of {self.names(task)}, found '
                    f'{name!r}.'
                )
            if name not in self._loaded:
                entries = self.catalog.entries
                entry = next(e for e in entries if e.name == name)
                while len(self._loaded) >= self._capacity:
                    self._loaded.popitem(last=False)
                self._loaded[name] = self._load(entry)
            self._loaded.move_to_end(name)
            return self._loaded[name]

    def _load(self, entry: Entry) -> Loaded:
        options: dict[str, Any] = {}
        if 'detection' in entry.task:
            options['score_thr'] = LOWEST_SCORE
        if entry.task == WORDS:
            options['encoder'] = self._encoder
        checkpoint = entry.find_checkpoint()
        run = load_inferencer(
            entry.config, checkpoint, self._device, **options
        )
        return Loaded(entry, checkpoint, run, getattr(run, 'words', ()))


def split_words(text: str) -> list[str]:
    """Words as a user writes them.

    Args:
        text: With commas, semicolons or line ends between.

    Returns:
        The words, each once, in order; none for an empty text.
    """
    parts: Sequence[str] = text.replace(';', ',').replace('\n', ',').split(',')
    words = (' '.join(part.split()) for part in parts)
    return list(dict.fromkeys(word for word in words if word))
