"""Read an ONNX file that may come from anyone.

A tensor of a file may name another file that holds its values, by any path,
and ONNX Runtime reads what is named: ``/etc/passwd`` becomes an output of the
graph. So a file is read here, without what it names, and ONNX Runtime is
given what was checked and nothing else.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mmvision_ext.utils import InputError

from .packages import need


def read_graph(path: str | Path) -> Any:
    """Read an ONNX file that holds all of its values.

    Args:
        path: The file.

    Returns:
        The ``onnx.ModelProto``, without fields that this version of ONNX
        does not know.

    Raises:
        InputError: There is no such file, it is damaged, or one of its
            tensors, in whatever part of it, names another file.
    """
    if not Path(path).is_file():
        raise InputError(f'model: expected a file, found none at {path}.')
    onnx = need('onnx')
    try:
        model = onnx.load(path, format='protobuf', load_external_data=False)
        # ONNX Runtime may know them, and none of them was checked.
        model.DiscardUnknownFields()
        names = [
            tensor.name
            for tensor in _tensors(model, onnx.TensorProto)
            if tensor.external_data
            or tensor.data_location == onnx.TensorProto.EXTERNAL
        ]
    except Exception as error:  # protobuf raises many kinds
        raise InputError(
            f'model {path}: expected an ONNX file, found one that ONNX cannot '
            f'load ({error}). Export it again.'
        ) from error
    if names:
        raise InputError(
            f'model {path}: expected a file that holds all of its values, '
            f'found that tensor {names[0]!r} names another file (external '
            'data), which could be any file of this machine. Export it again, '
            'into one file.'
        )
    return model


def graph_metadata(model: Any, path: str | Path) -> dict[str, str]:
    """What a graph says of itself.

    Args:
        model: What :func:`read_graph` gave.
        path: The file, for messages.

    Returns:
        Name to value.

    Raises:
        InputError: An entry is no text.
    """
    try:
        return {item.key: item.value for item in model.metadata_props}
    except UnicodeError as error:
        raise InputError(
            f'model {path}: expected metadata in UTF-8, found {error}. Export '
            'it again.'
        ) from error


def _tensors(model: Any, kind: type) -> Iterator[Any]:
    """Every tensor below a message: of graphs, attributes, functions, ..."""
    waiting = [model]
    while waiting:
        message = waiting.pop()
        if isinstance(message, kind):
            yield message
            continue
        for field, value in message.ListFields():
            if field.message_type is None:
                continue
            # One message has fields itself; several are a container.
            waiting += [value] if hasattr(value, 'ListFields') else value
