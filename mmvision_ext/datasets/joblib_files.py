"""Files of joblib and pickle files of arrays, read without running code.

joblib writes a pickle and, after the header of every array, its raw bytes, so
that Python's compiled unpickler, which reads ahead, cannot follow.
``joblib.load`` runs whatever the file asks for.
"""

import bz2
import collections
import gzip
import io
import lzma
import math
import pickle
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import numpy as np

from .errors import AnnotationError

_MOST_BYTES = 2**33  # of a file that zlib packed; the published one has 2**29
_CHUNK = 2**20
#: joblib before 0.10: this mark, the length in hexadecimal digits, zlib data.
_Z_MARK, _Z_HEADER = b'ZF', 2 + len(hex(2**64))
_ZLIB_MARKS = (b'\x78\x01', b'\x78\x5e', b'\x78\x9c', b'\x78\xda')
_OPENERS: dict[bytes, Callable[[Path], Any]] = {
    b'\x1f\x8b': gzip.open,
    b'BZ': bz2.open,
    b'\xfd\x37': lzma.open,
    b'\x5d\x00': lzma.open,
}
_MALFORMED = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    RecursionError,
    TypeError,
    ValueError,
    lzma.LZMAError,
    pickle.UnpicklingError,
    zlib.error,
)


class _ArrayHeader:
    """What joblib writes in front of an array's bytes."""

    dtype: np.dtype
    shape: tuple[int, ...]
    order: str
    subclass: type


#: Only these may be filled; a state must not change a class or function.
_FILLED = (np.ndarray, np.dtype, _ArrayHeader)


def _new_array(*_: Any) -> np.ndarray:
    """The empty array that an array's pickle fills."""
    return np.empty(0, np.int8)


def _from_buffer(
    content: Any, dtype: np.dtype, shape: tuple[int, ...], order: Any
) -> np.ndarray:
    """An array, as numpy writes it for version 5 of pickle."""
    return np.frombuffer(content, dtype).reshape(shape, order=order)


def _encode(text: str, encoding: str = 'latin1') -> bytes:
    """Bytes, as Python 3 writes them for Python 2."""
    if encoding not in ('latin1', 'latin-1'):
        raise pickle.UnpicklingError(f'bytes in {encoding}')
    return text.encode('latin1')


def _no_bytes() -> bytes:
    """Empty bytes, as Python 3 writes them for Python 2."""
    return b''


#: numpy's function that makes a number of its types.
_SCALAR = np.float64(0).__reduce__()[0]
#: All that such a file may name.
_ADMITTED: dict[tuple[str, str], Any] = {
    ('numpy', 'dtype'): np.dtype,
    ('numpy', 'ndarray'): np.ndarray,
    ('_codecs', 'encode'): _encode,
    ('collections', 'OrderedDict'): collections.OrderedDict,
    ('collections', 'defaultdict'): collections.defaultdict,
}
for _kind in (int, float, set, frozenset):
    for _module in ('builtins', '__builtin__'):
        _ADMITTED[_module, _kind.__name__] = _kind
_ADMITTED['__builtin__', 'long'] = int
_ADMITTED['__builtin__', 'bytes'] = _no_bytes
for _module in ('numpy.core', 'numpy._core'):  # of numpy 1 and of numpy 2
    _ADMITTED[f'{_module}.multiarray', '_reconstruct'] = _new_array
    _ADMITTED[f'{_module}.multiarray', 'scalar'] = _SCALAR
    _ADMITTED[f'{_module}.numeric', '_frombuffer'] = _from_buffer
for _module in ('joblib', 'sklearn.externals.joblib'):
    _ADMITTED[f'{_module}.numpy_pickle', 'NumpyArrayWrapper'] = _ArrayHeader


#: Python's own unpickler, not the compiled one.
_PythonUnpickler: Any = pickle._Unpickler


class _JoblibUnpickler(_PythonUnpickler):
    """Unpickler in Python that reads arrays where joblib put them.

    Args:
        file: The open file, unpacked.
        path: Its path, for messages.
    """

    dispatch = dict(_PythonUnpickler.dispatch)

    def __init__(self, file: IO[bytes], path: Path) -> None:
        # latin1 reads the byte strings of Python 2, numbers among them.
        super().__init__(file, encoding='latin1')
        self._file = file
        self._path = path

    def find_class(self, module: str, name: str) -> Any:
        """Look up a name that the file wants to call.

        Args:
            module: Module of the name.
            name: Class or function.

        Returns:
            What makes arrays, numbers or a plain container.

        Raises:
            AnnotationError: If it is anything else.
        """
        try:
            return _ADMITTED[module, name]
        except KeyError:
            raise AnnotationError(
                f'{self._path}: expected arrays, numbers, text and plain '
                f'containers, found a call of {module}.{name}, which was not '
                'run. Get the file from its authors again; do not open it '
                'with joblib.load or pickle.load.'
            ) from None

    def load_build(self) -> None:
        """Fill an object; an array's header is replaced by the array.

        Raises:
            UnpicklingError: If the object is another than an array or part
                of one, or the array is malformed.
        """
        if not isinstance(self.stack[-2], _FILLED):
            raise pickle.UnpicklingError(f'a state of {self.stack[-2]!r}')
        super().load_build()
        if isinstance(self.stack[-1], _ArrayHeader):
            self.stack.append(self._read_array(self.stack.pop()))

    dispatch[pickle.BUILD[0]] = load_build

    def _read_array(self, header: _ArrayHeader) -> np.ndarray:
        """The array whose bytes follow in the file."""
        dtype, shape = header.dtype, header.shape
        if (
            not isinstance(dtype, np.dtype)
            or dtype.hasobject
            or not all(isinstance(n, int) and n >= 0 for n in shape)
        ):
            raise pickle.UnpicklingError(f'an array {shape} of {dtype}')
        if getattr(header, 'numpy_array_alignment_bytes', None) is not None:
            self._read(self._read(1)[0])
        content = self._read(math.prod(shape) * dtype.itemsize)
        if not content:
            return np.empty(shape, dtype)
        array = np.frombuffer(content, dtype)
        if header.order == 'F':
            return array.reshape(shape[::-1]).T
        return array.reshape(shape)

    def _read(self, count: int) -> bytearray:
        """So many bytes of the file, however many it claims to have."""
        content = bytearray()
        while len(content) < count:
            piece = self._file.read(min(_CHUNK, count - len(content)))
            if not piece:
                raise EOFError('an array ends too early')
            content += piece
        return content


def read_joblib(path: str | Path) -> Any:
    """Read a file of ``joblib.dump`` or ``pickle.dump``, packed or not.

    Args:
        path: The file; one of Python 2 is read as well.

    Returns:
        Its content: nothing but arrays, containers, text and numbers.

    Raises:
        AnnotationError: If the file names anything else, or is damaged.
    """
    path = Path(path)
    try:
        with _unpacked(path) as file:
            return _JoblibUnpickler(file, path).load()
    except AnnotationError:
        raise
    except _MALFORMED as error:
        raise AnnotationError(
            f'{path}: expected a file of joblib or pickle, found one that '
            f'cannot be read ({type(error).__name__}: {error}). Get it again, '
            'or write it anew with joblib 0.10 or later.'
        ) from error


def _unpacked(path: Path) -> IO[bytes]:
    """The file, open and without its compression."""
    with path.open('rb') as file:
        start = file.read(2)
        if start == _Z_MARK:
            file.seek(_Z_HEADER)
            return _inflate(file.read().lstrip(b' '))
        if start in _ZLIB_MARKS:
            file.seek(0)
            return _inflate(file.read())
    return _OPENERS.get(start, lambda name: name.open('rb'))(path)


def _inflate(content: bytes) -> IO[bytes]:
    """What zlib packed, up to a size that no honest file has."""
    unpacker = zlib.decompressobj()
    found = unpacker.decompress(content, _MOST_BYTES)
    if not unpacker.eof:
        raise EOFError(
            f'the packed data end too early, or have over {_MOST_BYTES} bytes'
        )
    return io.BytesIO(found)
