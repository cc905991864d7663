"""Files of joblib and pickle files of arrays, read without running code.

joblib writes a pickle and, after the header of every array, its raw bytes, so
that Python's compiled unpickler, which reads ahead, cannot follow.
``joblib.load`` runs whatever the file asks for.
"""

import bz2
import gzip
import io
import lzma
import pickle
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from mmvision_ext.utils.plain_arrays import array, array_size

from .errors import AnnotationError
from .restricted_pickle import MALFORMED, ArrayUnpickler, read_bytes

_MOST_BYTES = 2**33  # of a file that zlib packed; the published one has 2**29
#: joblib before 0.10: this mark, the length in hexadecimal digits, zlib data.
_Z_MARK, _Z_HEADER = b'ZF', 2 + len(hex(2**64))
_ZLIB_MARKS = (b'\x78\x01', b'\x78\x5e', b'\x78\x9c', b'\x78\xda')
_OPENERS: dict[bytes, Callable[[Path], Any]] = {
    b'\x1f\x8b': gzip.open,
    b'BZ': bz2.open,
    b'\xfd\x37': lzma.open,
    b'\x5d\x00': lzma.open,
}
_MALFORMED = (*MALFORMED, lzma.LZMAError, zlib.error)
_HEADERS = frozenset(
    (f'{module}.numpy_pickle', 'NumpyArrayWrapper')
    for module in ('joblib', 'sklearn.externals.joblib')
)


class _ArrayHeader:
    """What joblib writes in front of an array's bytes."""


class _JoblibUnpickler(ArrayUnpickler):
    """Unpickler that reads arrays where joblib put them."""

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
        if (module, name) in _HEADERS:
            return _ArrayHeader
        return super().find_class(module, name)

    def fill(self, target: Any, state: Any) -> Any:
        """Give an object of the file its state.

        Args:
            target: The object.
            state: Its state.

        Returns:
            For an array's header the array, else the object.

        Raises:
            UnpicklingError: If the object is another than an array or part
                of one, or malformed.
            EOFError: If the bytes of an array are missing.
        """
        if not isinstance(target, _ArrayHeader):
            return super().fill(target, state)
        if not isinstance(state, dict):
            raise pickle.UnpicklingError("an unknown state of joblib's array")
        dtype, shape = state['dtype'], state['shape']
        size = array_size(dtype, shape)
        read = self._file.read
        if state.get('numpy_array_alignment_bytes') is not None:
            read_bytes(read, read_bytes(read, 1)[0])
        return array(read_bytes(read, size), dtype, shape, state['order'])


def read_joblib(path: str | Path) -> Any:
    """Read a file of ``joblib.dump`` or ``pickle.dump``, packed or not.

    Args:
        path: The file; one of Python 2 is read as well.

    Returns:
        Its content, as :func:`.restricted_pickle.read_arrays` gives it.

    Raises:
        AnnotationError: If the file names anything else, or is damaged.
    """
    path = Path(path)
    try:
        with _unpacked(path) as file:
            return _JoblibUnpickler(file, path, AnnotationError).load()
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
