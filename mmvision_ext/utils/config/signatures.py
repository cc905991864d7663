"""Keyword arguments of classes and functions, inherited ones included."""

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from mmengine.utils import get_object_from_string

#: Constructors that keep ``**kwargs`` for a later call, and what they call.
_KEPT_FOR = {
    'mmengine.hooks.checkpoint_hook.CheckpointHook.__init__': (
        'mmengine.runner.runner.Runner.save_checkpoint'
    ),
    'mmpretrain.engine.hooks.visualization_hook.VisualizationHook.__init__': (
        'mmpretrain.visualization.UniversalVisualizer.visualize_cls'
    ),
}
_GIVEN_LATER = {'self', 'filename', 'meta', 'image', 'data_sample', 'name'}


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


@dataclass
class _Rest:
    """What a constructor does with ``**kwargs``.

    Attributes:
        read: Names that it takes out of them by itself.
        filled: What goes to the base class beside them; None where they do
            not go there, so that no other name has an effect.
    """

    read: set[str]
    filled: _Filled | None


@cache
def arguments_of(kind: Callable[..., Any]) -> Arguments:
    """Find the arguments that a class or function takes by name.

    ``**kwargs`` that a constructor passes on to ``super().__init__`` are
    followed to the base class. Names that it reads from them, as by
    ``kwargs.get('name')``, count as its own; where it does neither, no name
    beside them has an effect.

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
        use = _use_of(function, rest, owner)
        if use is None:
            filled = None
            break
        for name in use.read:
            found.known.setdefault(name, _optional(name))
        if use.filled is None:
            return found
        filled = use.filled
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


def _optional(name: str) -> inspect.Parameter:
    """A parameter that may be left out."""
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=None
    )


def _use_of(
    function: Callable[..., Any], rest: str, owner: str
) -> _Rest | None:
    """What happens to ``**kwargs``; None where it is not certain."""
    if function is object.__init__:  # refuses them
        return _Rest(set(), None)
    name = getattr(function, '__qualname__', '')
    later = _KEPT_FOR.get(f'{function.__module__}.{name}')
    if later is not None:
        called = inspect.signature(get_object_from_string(later))
        return _Rest({*called.parameters} - _GIVEN_LATER, None)
    if not owner:  # a function, which may stand for something else
        return None
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return None
    passed: list[ast.Call] = []
    read: set[str] = set()
    uses = 0
    for node in ast.walk(tree):
        uses += _is_name(node, rest)
        name = _name_read(node, rest)
        if name is not None:
            read.add(name)
            uses -= 1
        elif (
            isinstance(node, ast.Call)
            and _is_super(node.func, owner)
            and any(
                item.arg is None and _is_name(item.value, rest)
                for item in node.keywords
            )
        ):
            passed.append(node)
    if uses != len(passed) or uses > 1:
        return None
    if not passed:
        return _Rest(read, None)
    call = passed[0]
    positions = [
        item for item in call.args if not isinstance(item, ast.Starred)
    ]
    names = {item.arg for item in call.keywords if item.arg is not None}
    return _Rest(read, _Filled(len(positions), names | read))


def _name_read(node: ast.AST, rest: str) -> str | None:
    """The name that an expression reads from ``**kwargs``, if it does.

    ``rest.get('name')``, ``rest.pop('name')``, ``rest['name']`` and
    ``'name' in rest``.
    """
    key: ast.expr | None = None
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ('get', 'pop', 'setdefault')
        and _is_name(node.func.value, rest)
        and node.args
    ):
        key = node.args[0]
    elif isinstance(node, ast.Subscript) and _is_name(node.value, rest):
        key = node.slice
    elif isinstance(node, ast.Compare) and _is_name(node.comparators[0], rest):
        key = node.left
    if isinstance(key, ast.Constant) and isinstance(key.value, str):
        return key.value
    return None


def _is_name(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


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
