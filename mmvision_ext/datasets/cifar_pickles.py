"""CIFAR-100 as its authors distribute it."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .cifar_layouts import SIZE, SOURCE, Content
from .errors import DatasetError
from .image_folders import Split
from .restricted_pickle import read_arrays

FOLDER = 'cifar-100-python'


class PickleLayout:
    """The files ``train``, ``test`` and ``meta`` of ``cifar-100-python``.

    Args:
        root: Folder that holds ``cifar-100-python``.

    Raises:
        DatasetError: If ``meta`` is missing or has no class names.
    """

    form = FOLDER

    def __init__(self, root: Path) -> None:
        self._folder = root / FOLDER
        self._read: dict[str, dict[str, Any]] = {}
        self.classes = tuple(self._texts('meta', 'fine_label_names'))

    def counts(self, split: Split) -> NDArray[np.int64]:
        """Count the images of each class.

        Args:
            split: ``'train'`` or ``'test'``.

        Returns:
            Numbers of images, shape (C,).

        Raises:
            DatasetError: If the file cannot be used.
        """
        return np.bincount(self._labels(split), minlength=len(self.classes))

    def read(self, split: Split) -> Content:
        """Read all images of a split.

        Args:
            split: ``'train'`` or ``'test'``.

        Returns:
            Images uint8 (N, 3, 32, 32), RGB; labels int64 (N,); the names of
            the images in the authors' source.

        Raises:
            DatasetError: If the file cannot be used.
        """
        labels = self._labels(split)
        data = self._entry(split, 'data', np.ndarray)
        names = self._texts(split, 'filenames')
        wanted = (len(labels), 3 * SIZE * SIZE)
        if data.dtype != np.uint8 or data.shape != wanted:
            raise self._unfit(
                split, f'data of uint8 {wanted}', f'{data.dtype} {data.shape}'
            )
        if len(names) != len(labels):
            raise self._unfit(
                split, f'{len(labels)} filenames', str(len(names))
            )
        images = np.ascontiguousarray(data).reshape(-1, 3, SIZE, SIZE)
        return images, labels, names

    def _labels(self, split: Split) -> NDArray[np.int64]:
        found = self._entry(split, 'fine_labels', list)
        top = len(self.classes) - 1
        for index, label in enumerate(found):
            if not isinstance(label, int) or not 0 <= label <= top:
                raise self._unfit(
                    split,
                    f'fine_labels from 0 to {top}',
                    f'{_described(label)} at position {index}',
                )
        return np.asarray(found, np.int64)

    def _texts(self, name: str, key: str) -> list[str]:
        """A list of text in a file."""
        found = self._entry(name, key, list)
        for index, text in enumerate(found):
            if not isinstance(text, str):
                raise self._unfit(
                    name,
                    f'{key} of str',
                    f'{_described(text)} at position {index}',
                )
        return found

    def _entry(self, name: str, key: str, kind: type) -> Any:
        """An entry of a file's dict, not empty and of the wanted type."""
        if name not in self._read:
            path = self._folder / name
            if not path.is_file():
                raise DatasetError(
                    f"data_root: expected the file '{path}', found none. "
                    f'Unpack {SOURCE} there.'
                )
            self._read[name] = read_arrays(path)
        content = self._read[name]
        if not isinstance(content, dict) or key not in content:
            raise self._unfit(name, f'a dict with {key}', _described(content))
        if not isinstance(content[key], kind) or not len(content[key]):
            raise self._unfit(
                name,
                f'{key}, a filled {kind.__name__}',
                _described(content[key]),
            )
        return content[key]

    def _unfit(self, name: str, expected: str, found: str) -> DatasetError:
        return DatasetError(
            f'{self._folder / name}: expected {expected}, found {found}. '
            f'Unpack {SOURCE} again.'
        )


def _described(value: Any) -> str:
    """A short text for a value; those of containers can be endless."""
    if isinstance(value, str):
        return repr(value[:80])
    if isinstance(value, int) and value.bit_length() < 64:  # noqa: PLR2004
        return repr(value)
    if isinstance(value, dict):
        keys = [key for key in value if isinstance(key, str)]
        return f'a dict with {", ".join(keys)[:80]}'
    return f'one of type {type(value).__name__}'
