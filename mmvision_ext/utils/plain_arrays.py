"""Numpy arrays out of a pickle file, with everything it says checked.

numpy believes the state in a pickle: one of a dtype may call raw bytes
pointers. What stands here takes the place of numpy's classes and functions,
admits booleans, integers and floats of a fixed size alone, and raises
``pickle.UnpicklingError`` for the rest.
"""

import math
import pickle
from typing import Any

import numpy as np
from numpy.typing import NDArray

_TYPES = frozenset(
    ('b1', 'i1', 'i2', 'i4', 'i8', 'u1', 'u2', 'u4', 'u8', 'f2', 'f4', 'f8')
)
_BYTE_ORDERS = ('<', '>', '=', '|')
#: State of every dtype without parts: version 3, then all but the byte order.
_DTYPE_STATE = (3, None, None, None, -1, -1, 0)
_MOST_AXES, _MOST_VALUES = 32, 2**59  # of 8 bytes, in an address
_ARRAY_FIELDS = 5  # version, shape, dtype, whether in Fortran's order, content


class PlainDtype:
    """Stands for ``numpy.dtype`` in a pickle.

    Args:
        name: Kind and size in bytes, for example ``'u1'``.

    Raises:
        UnpicklingError: If that is no boolean, integer or float.
    """

    def __init__(self, name: Any, *_: Any) -> None:
        if not isinstance(name, str) or name not in _TYPES:
            found = name[:20] if isinstance(name, str) else type(name).__name__
            raise pickle.UnpicklingError(f'an array of dtype {found!r}')
        self.dtype: np.dtype[Any] = np.dtype(name)

    def fill(self, state: Any) -> None:
        """Take the byte order from a dtype's state.

        Args:
            state: What the pickle has.

        Raises:
            UnpicklingError: If it holds anything else than a byte order.
        """
        if (
            not isinstance(state, tuple)
            or len(state) != 1 + len(_DTYPE_STATE)
            or not isinstance(state[1], str)
            or state[1] not in _BYTE_ORDERS
            or (state[0], *state[2:]) != _DTYPE_STATE
        ):
            raise pickle.UnpicklingError('an unknown state of a dtype')
        order: Any = state[1]
        self.dtype = self.dtype.newbyteorder(order)


def array(
    content: Any, dtype: Any, shape: Any, order: Any = 'C'
) -> NDArray[Any]:
    """Make an array of its bytes.

    Args:
        content: bytes or bytearray; a str of Python 2's bytes, as latin1.
        dtype: A :class:`PlainDtype`.
        shape: Tuple of the lengths, none negative.
        order: ``'C'`` or ``'F'``.

    Returns:
        An array of that shape with a copy of the content.

    Raises:
        UnpicklingError: If one of them is not of that kind, or the content
            has another size than dtype and shape say.
    """
    content = _checked_content(content, array_size(dtype, shape))
    if order not in ('C', 'F'):
        raise pickle.UnpicklingError('an array in an unknown order')
    flat = np.frombuffer(bytearray(content), dtype.dtype)
    return flat.reshape(shape, order=order)


def array_size(dtype: Any, shape: Any) -> int:
    """Check the type and shape of an array.

    Args:
        dtype: A :class:`PlainDtype`.
        shape: Tuple of the lengths, none negative.

    Returns:
        Bytes of such an array.

    Raises:
        UnpicklingError: If one of them is not of that kind.
    """
    if not isinstance(dtype, PlainDtype):
        raise pickle.UnpicklingError(f'a dtype of {type(dtype).__name__}')
    if not isinstance(shape, tuple) or not all(
        type(length) is int and length >= 0 for length in shape
    ):
        raise pickle.UnpicklingError('a shape of other than lengths')
    # numpy multiplies the lengths of empty arrays as well.
    whole = math.prod(max(length, 1) for length in shape)
    if len(shape) > _MOST_AXES or whole > _MOST_VALUES:
        raise pickle.UnpicklingError('a shape that numpy cannot hold')
    return math.prod(shape) * dtype.dtype.itemsize


def empty_array(*_: Any) -> NDArray[np.int8]:
    """Make the empty array that :func:`fill_array` fills.

    Returns:
        int8, shape (0,).
    """
    return np.empty(0, np.int8)


def fill_array(target: NDArray[Any], state: Any) -> None:
    """Fill an empty array in place.

    Args:
        target: One of :func:`empty_array`.
        state: Version, shape, dtype, whether in Fortran's order, content.

    Raises:
        UnpicklingError: If the array was filled before, or the state is not
            that of a plain array.
    """
    if target.shape != (0,) or target.dtype != np.int8:
        raise pickle.UnpicklingError('a second state of an array')
    if not isinstance(state, tuple) or len(state) != _ARRAY_FIELDS:
        raise pickle.UnpicklingError('an unknown state of an array')
    _, shape, dtype, in_fortran_order, content = state
    content = _checked_content(content, array_size(dtype, shape))
    checked: Any = (1, shape, dtype.dtype, bool(in_fortran_order), content)
    np.ndarray.__setstate__(target, checked)


def scalar(dtype: Any, content: Any) -> Any:
    """Make one of numpy's numbers.

    Args:
        dtype: A :class:`PlainDtype`.
        content: Its bytes; a str of Python 2's bytes, as latin1.

    Returns:
        The number, of that type.

    Raises:
        UnpicklingError: If the two do not fit.
    """
    return array(content, dtype, ())[()]


def _checked_content(content: Any, size: int) -> bytes:
    """The bytes of an array, if there are as many as it needs."""
    if isinstance(content, str):
        content = content.encode('latin1')
    if not isinstance(content, (bytes, bytearray)):
        raise pickle.UnpicklingError(f'an array of {type(content).__name__}')
    if len(content) != size:
        raise pickle.UnpicklingError(
            f'{len(content)} bytes for an array of {size}'
        )
    return bytes(content)
