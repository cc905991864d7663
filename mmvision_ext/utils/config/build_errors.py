"""Errors of constructors, told as faults of the config that asked for them."""

import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from mmengine.config import Config
from mmengine.registry import build_from_cfg

from mmvision_ext.utils.errors import InputError

from .explain import place_of

#: What a wrong setting gives rise to. Others, as of memory, stay as they are.
BUILD_ERRORS = (
    AssertionError,
    AttributeError,
    FileNotFoundError,
    ImportError,
    IndexError,
    KeyError,
    NotImplementedError,
    TypeError,
    ValueError,
)


@contextmanager
def build_errors_named(
    cfg: Mapping[str, Any], file: str | None
) -> Iterator[None]:
    """Name the part of a config in which a constructor failed.

    Args:
        cfg: The complete config.
        file: File of the config, for the line; None if there is none.

    Raises:
        InputError: In the place of an error that a constructor called by a
            registry raises, with the key path, the type, the error, and the
            line of code that raised it. Errors from elsewhere pass.
    """
    try:
        yield
    except InputError:
        raise
    except BUILD_ERRORS as error:
        place = _failed_part(cfg, error.__traceback__)
        if place is None:
            raise
        key, kind = place
        reason = error.args[0] if isinstance(error, KeyError) else error
        where = place_of(file, key) if file else ''
        raised = traceback.extract_tb(error.__traceback__)[-1]
        raise InputError(
            f'{key}: {kind} cannot be built: {type(error).__name__}: {reason}'
            f'{" [" + where + "]" if where else ""} (raised in '
            f'{Path(raised.filename).name}, line {raised.lineno})'
        ) from error


def _failed_part(
    cfg: Mapping[str, Any], step: TracebackType | None
) -> tuple[str, str] | None:
    """Key path and type of the innermost part that was being built."""
    found = None
    node: Any = cfg
    while step is not None:
        if step.tb_frame.f_code is build_from_cfg.__code__:
            built = step.tb_frame.f_locals['cfg']
            match = _search(node, built) or _search(cfg, built)
            if match is None and found is None:
                return None
            if match is not None:
                inner, node = match
                whole = _search(cfg, node)
                found = (whole[0] if whole else inner), _name(built)
        step = step.tb_next
    return found


def _name(built: Mapping[str, Any]) -> str:
    kind = built.get('type')
    return kind if isinstance(kind, str) else getattr(kind, '__name__', '?')


def _search(
    node: Any, built: Mapping[str, Any], key: str = ''
) -> tuple[str, Any] | None:
    """Key path and part of a config that was built; None if not in it."""
    if isinstance(node, (Mapping, Config)):
        if node is built or (
            'type' in node
            and all(
                name in built and built[name] == value
                for name, value in node.items()
                if not isinstance(value, Mapping)
            )
        ):
            return key, node
        items = [*node.items()]
    elif isinstance(node, (list, tuple)):
        items = [(str(index), item) for index, item in enumerate(node)]
    else:
        return None
    for name, value in items:
        found = _search(value, built, f'{key}.{name}' if key else str(name))
        if found is not None:
            return found
    return None
