"""Pickle files of arrays, read without running what they contain."""

import pickle
import struct
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, Any

import numpy as np

from mmvision_ext.utils import InputError
from mmvision_ext.utils.plain_arrays import (
    PlainDtype,
    array,
    empty_array,
    fill_array,
    scalar,
)

from .errors import DatasetError

#: What a damaged or malicious pickle raises.
MALFORMED = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    BufferError,
    EOFError,
    ImportError,
    LookupError,
    MemoryError,
    OSError,
    RecursionError,
    TypeError,
    ValueError,
    pickle.UnpicklingError,
    struct.error,
)
_CHUNK = 2**20
#: Tuples in each other; Python's hash of very many is a crash.
_DEEPEST = 8


def _encode(text: str, encoding: str = 'latin1') -> bytes:
    """Bytes, as Python 3 writes them for Python 2."""
    if encoding not in ('latin1', 'latin-1'):
        raise pickle.UnpicklingError('bytes in another encoding than latin1')
    return text.encode('latin1')


def _no_bytes() -> bytes:
    """Empty bytes, as Python 3 writes them for Python 2."""
    return b''


def _ordered(items: Iterable[Any] = ()) -> dict[Any, Any]:
    """A dict in the place of an OrderedDict."""
    return dict(items)


def _default(_: Any = None, items: Iterable[Any] = ()) -> dict[Any, Any]:
    """A dict in the place of a defaultdict; Python crashes on deep ones."""
    return dict(items)


#: All that such a file may name, and what is taken instead of it.
_ADMITTED: dict[tuple[str, str], Any] = {
    ('numpy', 'dtype'): PlainDtype,
    ('numpy', 'ndarray'): 'the type of arrays',
    ('_codecs', 'encode'): _encode,
    ('collections', 'OrderedDict'): _ordered,
    ('collections', 'defaultdict'): _default,
    ('__builtin__', 'long'): int,
    ('__builtin__', 'bytes'): _no_bytes,
}
for _kind in (int, float, set, frozenset):
    for _module in ('builtins', '__builtin__'):
        _ADMITTED[_module, _kind.__name__] = _kind
for _module in ('numpy.core', 'numpy._core'):  # of numpy 1 and of numpy 2
    _ADMITTED[f'{_module}.multiarray', '_reconstruct'] = empty_array
    _ADMITTED[f'{_module}.multiarray', 'scalar'] = scalar
    _ADMITTED[f'{_module}.numeric', '_frombuffer'] = array

#: Python's own unpickler: what it does with a state can be replaced.
_PythonUnpickler: Any = pickle._Unpickler


class ArrayUnpickler(_PythonUnpickler):
    """Unpickler of plain arrays, numbers, text and Python's containers.

    Args:
        file: The open file.
        path: Its path, for messages.
        error: What a call of anything else raises.
    """

    dispatch = dict(_PythonUnpickler.dispatch)

    def __init__(
        self, file: IO[bytes], path: Path, error: type[InputError]
    ) -> None:
        # latin1 reads the byte strings of Python 2, arrays among them.
        super().__init__(file, encoding='latin1')
        self._file = file
        self._path = path
        self._error = error

    def find_class(self, module: str, name: str) -> Any:
        """Look up a name that the file wants to call.

        Args:
            module: Module of the name.
            name: Class or function.

        Returns:
            What makes arrays, numbers or a plain container.

        Raises:
            InputError: If it is anything else.
        """
        try:
            return _ADMITTED[module, name]
        except KeyError:
            raise self._error(
                f'{self._path}: expected arrays, numbers, text and plain '
                f'containers, found a call of {module}.{name}, which was not '
                'run. Get the file from its authors again; do not open it '
                'with joblib.load or pickle.load.'
            ) from None

    def fill(self, target: Any, state: Any) -> Any:
        """Give an object of the file its state.

        Args:
            target: The object.
            state: Its state.

        Returns:
            What takes the object's place; the object itself here.

        Raises:
            UnpicklingError: If the object is neither array nor dtype, or its
                state not that of a plain one.
        """
        match target:
            case PlainDtype():
                target.fill(state)
            case np.ndarray():
                fill_array(target, state)
            case _:
                raise pickle.UnpicklingError(
                    f'a state of {type(target).__name__}'
                )
        return target

    def load_build(self) -> None:
        """Give the last object its state."""
        state = self.stack.pop()
        self.stack[-1] = self.fill(self.stack[-1], state)

    dispatch[pickle.BUILD[0]] = load_build

    def load_bytearray8(self) -> None:
        """Read a bytearray, without believing its length."""
        count = int.from_bytes(self.read(8), 'little')
        self.append(read_bytes(self.read, count))

    dispatch[pickle.BYTEARRAY8[0]] = load_bytearray8


def _checking_depth(
    load: Callable[[ArrayUnpickler], None],
) -> Callable[[ArrayUnpickler], None]:
    """The same operation, with the depth of its tuple checked."""

    def load_tuple(self: ArrayUnpickler) -> None:
        load(self)
        _check_depth(self.stack[-1], _DEEPEST)

    return load_tuple


def _check_depth(value: tuple[Any, ...], left: int) -> None:
    if not left:
        raise pickle.UnpicklingError(f'over {_DEEPEST} tuples in each other')
    for part in value:
        if isinstance(part, tuple):
            _check_depth(part, left - 1)


for _code in (pickle.TUPLE, pickle.TUPLE1, pickle.TUPLE2, pickle.TUPLE3):
    ArrayUnpickler.dispatch[_code[0]] = _checking_depth(
        ArrayUnpickler.dispatch[_code[0]]
    )


def read_bytes(read: Callable[[int], bytes], count: int) -> bytearray:
    """Read so many bytes; memory grows with those that are there.

    Args:
        read: Reads at most the bytes that it is given.
        count: How many the file claims to have.

    Returns:
        That many bytes.

    Raises:
        EOFError: If there are fewer.
    """
    content = bytearray()
    while len(content) < count:
        piece = read(min(_CHUNK, count - len(content)))
        if not piece:
            raise EOFError('the data end too early')
        content += piece
    return content


def read_arrays(path: Path) -> Any:
    """Read a pickle of plain arrays and containers.

    Args:
        path: The file; one of Python 2 is read as well.

    Returns:
        Its content: arrays of booleans, integers and floats, numbers, text,
        bytes and Python's containers, in each other as the file has it. How
        deep they lie, how much memory they need and how long a look at all
        of them takes is not limited.

    Raises:
        DatasetError: If the file names anything else, or is damaged.
    """
    try:
        with path.open('rb') as file:
            return ArrayUnpickler(file, path, DatasetError).load()
    except DatasetError:
        raise
    except MALFORMED as error:
        raise DatasetError(
            f'{path}: expected a pickle file of plain arrays, found one that '
            f'cannot be read ({type(error).__name__}: {error}). Download it '
            'again.'
        ) from error
