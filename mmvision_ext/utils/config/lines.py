"""Lines of a config file where a key is set."""

import ast
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

_REFERENCE = re.compile(r'\{\{\s*_base_\.([\w.]+)\s*\}\}')
_DEPTH = 20  # variables that name each other


def line_of(path: Path, keys: Sequence[str]) -> tuple[int | None, str | None]:
    """Find where a file sets a key.

    Variables of the file are followed, as in ``pipeline=train_pipeline``.

    Args:
        path: Config file.
        keys: Parts of the dotted key.

    Returns:
        The line, from 1, and the dotted key of a base from which the value is
        taken (``_base_.x``). Both None where they cannot be told: a file in
        another language, or a key that the file does not write itself.
    """
    if path.suffix != '.py':
        return None, None
    try:
        tree = ast.parse(path.read_text('utf-8'))
    except SyntaxError:  # {{...}} where no expression may stand
        return None, None
    return _find(tree, list(keys), _DEPTH)


def _find(
    tree: ast.Module, keys: list[str], depth: int
) -> tuple[int | None, str | None]:
    found: tuple[int | None, str | None] = (None, None)
    for target, value in _assignments(tree):
        if depth and target == keys[: len(target)]:
            rest = keys[len(target) :]
            found = _descend(tree, value, rest, value.lineno, depth)
            if not rest and found[1] is None:
                found = (value.lineno, None)
    return found


def _assignments(tree: ast.Module) -> Iterator[tuple[list[str], ast.expr]]:
    """Targets, such as ``model['head']``, and values of a file, in order."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if (parts := _parts(target)) is not None:
                    yield parts, node.value
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            if (parts := _parts(node.target)) is not None:
                yield parts, node.value


def _parts(target: ast.expr) -> list[str] | None:
    """The dotted key of a target; None for one that is computed."""
    if isinstance(target, ast.Name):
        return [target.id]
    if isinstance(target, ast.Attribute):
        inner, last = _parts(target.value), target.attr
    elif isinstance(target, ast.Subscript) and isinstance(
        target.slice, ast.Constant
    ):
        inner, last = _parts(target.value), str(target.slice.value)
    else:
        return None
    return None if inner is None else [*inner, last]


def _descend(
    tree: ast.Module, value: ast.expr, keys: list[str], line: int, depth: int
) -> tuple[int | None, str | None]:
    """Follow a key into an expression; the deepest line that is certain."""
    reference = _reference(value)
    if reference is not None:
        return line, '.'.join([reference, *keys])
    if isinstance(value, ast.Name):
        deeper = _find(tree, [value.id, *keys], depth - 1)
        return deeper if deeper[0] is not None else (line, None)
    if not keys:
        return line, None
    for place, name, item in reversed([*_items(value)]):
        if name == keys[0]:
            return _descend(tree, item, keys[1:], place, depth)
        if name is None:  # **settings
            deeper = _descend(tree, item, keys, place, depth)
            if deeper != (place, None):
                return deeper
    return (line, None) if _is_computed(value) else (None, None)


def _items(value: ast.expr) -> Iterator[tuple[int, str | None, ast.expr]]:
    """Line, key and value of what an expression holds."""
    if isinstance(value, ast.Call):
        if isinstance(value.func, ast.Name) and value.func.id == 'dict':
            for word in value.keywords:
                yield word.lineno, word.arg, word.value
    elif isinstance(value, ast.Dict):
        for key, content in zip(value.keys, value.values, strict=True):
            if key is None:
                yield content.lineno, None, content
            elif isinstance(key, ast.Constant):
                yield key.lineno, str(key.value), content
    elif isinstance(value, (ast.List, ast.Tuple)):
        if not any(isinstance(item, ast.Starred) for item in value.elts):
            for index, item in enumerate(value.elts):
                yield item.lineno, str(index), item


def _is_computed(value: ast.expr) -> bool:
    """Whether what an expression holds cannot be read from it."""
    return not isinstance(value, (ast.Dict, ast.Constant)) and not (
        isinstance(value, ast.Call)
        and isinstance(value.func, ast.Name)
        and value.func.id == 'dict'
    )


def _reference(value: ast.expr) -> str | None:
    """The key of a base that an expression names; None for another one."""
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        match = _REFERENCE.fullmatch(value.value.strip())
        return match.group(1) if match else None
    while isinstance(value, ast.Set) and len(value.elts) == 1:
        value = value.elts[0]
    parts = _parts(value)
    if parts and parts[0] == '_base_' and len(parts) > 1:
        return '.'.join(parts[1:])
    return None
