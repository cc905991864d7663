"""Pickle files of arrays, read without running what they contain."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np

from .errors import DatasetError

#: numpy's function that makes an empty array, wherever this version has it.
_RECONSTRUCT = np.empty(0).__reduce__()[0]
#: All that an array's pickle names; numpy 2 writes other modules than 1.
_ADMITTED: dict[tuple[str, str], Any] = {
    ('numpy', 'dtype'): np.dtype,
    ('numpy', 'ndarray'): np.ndarray,
    ('numpy.core.multiarray', '_reconstruct'): _RECONSTRUCT,
    ('numpy._core.multiarray', '_reconstruct'): _RECONSTRUCT,
}
_MALFORMED = (
    ArithmeticError,
    AttributeError,
    EOFError,
    ImportError,
    LookupError,
    MemoryError,
    TypeError,
    ValueError,
    pickle.UnpicklingError,
)


class _ArrayUnpickler(pickle.Unpickler):
    """Unpickler that knows numpy arrays and Python's plain containers.

    Args:
        file: The open file.
        path: Its path, for messages.
    """

    def __init__(self, file: Any, path: Path) -> None:
        # latin1 reads the byte strings of Python 2, arrays among them.
        super().__init__(file, encoding='latin1')
        self._path = path

    def find_class(self, module: str, name: str) -> Any:
        """Look up a name that the file wants to call.

        Args:
            module: Module of the name.
            name: Class or function.

        Returns:
            One of the four that make up arrays.

        Raises:
            DatasetError: If it is another one.
        """
        try:
            return _ADMITTED[module, name]
        except KeyError:
            raise DatasetError(
                f'{self._path}: expected numpy arrays and plain containers, '
                f'found a call of {module}.{name}, which was not run: this is '
                'no file of the data set. Download it again.'
            ) from None


def read_arrays(path: Path) -> Any:
    """Read a pickle of numpy arrays and plain containers.

    Args:
        path: The file; one of Python 2 is read as well.

    Returns:
        Its content. Nothing else than arrays, dict, list, tuple, str, bytes
        and numbers can be in it.

    Raises:
        DatasetError: If the file names anything else, or is damaged.
    """
    with path.open('rb') as file:
        try:
            return _ArrayUnpickler(file, path).load()
        except DatasetError:
            raise
        except _MALFORMED as error:
            raise DatasetError(
                f'{path}: expected a pickle file, found one that cannot be '
                f'read ({type(error).__name__}: {error}). Download it again.'
            ) from error
