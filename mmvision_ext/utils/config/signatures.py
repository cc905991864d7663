"""Keyword arguments of classes and functions, inherited ones included."""

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any


@dataclass
class Arguments:
    """What may be passed to a class or function by name.

    Attributes:
        known: Parameters by name.
        required: Names without a default that nothing else fills.
        is_open: Whether names beside the known ones may be right as well.
    """

    known: dict[str, inspect.Parameter] = field(default_factory=dict)
    required: set[str] = field(default_factory=set)
    is_open: bool = False


@dataclass
class _Filled:
    """What a call of ``super().__init__`` fills by itself."""

    positions: int
    names: set[str]


@cache
def arguments_of(kind: Callable[..., Any]) -> Arguments:
    """Find the arguments that a class or function takes by name.

    ``**kwargs`` that a constructor passes on to ``super().__init__``, and
    uses in no other way, are followed to the base class.

    Args:
        kind: Class or function.

    Returns:
        Its arguments; open where the signature cannot be read, or where what
        happens to further names cannot be told from it.
    """
    found = Arguments()
    filled: _Filled | None = _Filled(0, set())
    for owner, function in _constructors(kind):
        try:
            parameters = [*inspect.signature(function).parameters.values()]
        except (TypeError, ValueError):  # written in C
            filled = None
            break
        if inspect.isclass(kind):
            parameters = parameters[1:]  # self
        rest = _collect(found, parameters, filled)
        if hasattr(function, '__wrapped__'):  # may rename its arguments
            filled = None
            break
        if rest is None:
            return found
        filled = _passed_on(function, rest, owner)
        if filled is None:
            break
    found.is_open = True
    if filled is None and not found.known:
        found.required.clear()
    return found


def _constructors(
    kind: Callable[..., Any],
) -> Iterator[tuple[str, Callable[..., Any]]]:
    """The function, or the constructors of a class and of its bases."""
    if not inspect.isclass(kind):
        yield '', kind
        return
    if (
        kind.__new__ is not object.__new__
        or getattr(type(kind).__call__, '__objclass__', None) is not type
    ):
        return
    for base in kind.__mro__:
        if '__init__' in vars(base):
            yield base.__name__, vars(base)['__init__']


def _collect(
    found: Arguments,
    parameters: list[inspect.Parameter],
    filled: _Filled | None,
) -> str | None:
    """Add parameters; the name of ``**kwargs`` where there is one."""
    rest = None
    for position, item in enumerate(parameters):
        if item.kind is item.VAR_KEYWORD:
            rest = item.name
            continue
        if item.kind in (item.VAR_POSITIONAL, item.POSITIONAL_ONLY):
            continue
        needed = item.default is item.empty and item.name not in found.known
        if (
            needed
            and filled is not None
            and position >= filled.positions
            and item.name not in filled.names
        ):
            found.required.add(item.name)
        found.known.setdefault(item.name, item)
    return rest


def _passed_on(
    function: Callable[..., Any], rest: str, owner: str
) -> _Filled | None:
    """How ``**kwargs`` reach the base class; None where it is not certain."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return None
    uses = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and node.id == rest
    ]
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not _is_super(node.func, owner):
            continue
        if uses != [item.value for item in node.keywords if item.arg is None]:
            continue
        positions = [
            item for item in node.args if not isinstance(item, ast.Starred)
        ]
        names = {item.arg for item in node.keywords if item.arg is not None}
        return _Filled(len(positions), names)
    return None


def _is_super(function: ast.expr, owner: str) -> bool:
    """Whether an expression is ``super().__init__`` of the owner.

    ``super(Other, self)`` skips constructors between the two.
    """
    return (
        isinstance(function, ast.Attribute)
        and function.attr == '__init__'
        and isinstance(function.value, ast.Call)
        and isinstance(function.value.func, ast.Name)
        and function.value.func.id == 'super'
        and all(
            isinstance(item, ast.Name) and item.id in (owner, 'self')
            for item in function.value.args
        )
    )
