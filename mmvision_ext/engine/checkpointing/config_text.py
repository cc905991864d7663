"""The config in a checkpoint, without what concerns one machine."""

import ast
import re
from typing import Any

from mmengine.config import Config

#: What a model needs for inference.
_KEPT = (
    'default_scope',
    'model',
    'data_preprocessor',
    'test_cfg',
    'test_pipeline',
    'test_dataloader',
    'tta_model',
    'tta_pipeline',
)
_ABSOLUTE = re.compile(r'^(/|~|[A-Za-z]:[\\/]|\\\\|file:)')
_CREDENTIALS = re.compile(r'(://)[^/@\s]+@')


def inference_config(text: str) -> tuple[str, list[str]]:
    """Reduce the config of a training to what inference needs.

    The text is parsed, not run. Settings that are no plain values are left
    out.

    Args:
        text: Config as mmengine stores it (Python text).

    Returns:
        The config as text, empty where nothing is left, and the names of the
        settings that inference needs but are no plain values.
    """
    try:
        statements = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return '', ['the whole config']
    settings: dict[str, Any] = {}
    lost = []
    for statement in statements:
        name = _assigned(statement)
        if name not in _KEPT or not isinstance(statement, ast.Assign):
            continue
        try:
            settings[name] = without_places(_value(statement.value))
        except (ValueError, TypeError, RecursionError):
            lost.append(name)
    return (Config(settings).pretty_text if settings else ''), lost


def without_places(value: Any) -> Any:
    """Take places on one machine, and credentials, out of plain values.

    Args:
        value: Texts, numbers, and dicts, lists and tuples of them; others are
            given back as they are.

    Returns:
        The same, where an absolute path is its last part alone, and an
        address has neither user nor password.
    """
    if isinstance(value, str):
        if _ABSOLUTE.match(value):
            value = re.split(r'[\\/]', value.rstrip('\\/'))[-1]
        return _CREDENTIALS.sub(r'\1', value)
    if isinstance(value, dict):
        return {key: without_places(part) for key, part in value.items()}
    if type(value) in (list, tuple):
        return type(value)(without_places(part) for part in value)
    return value


def _assigned(statement: ast.stmt) -> str:
    if (
        isinstance(statement, ast.Assign)
        and len(statement.targets) == 1
        and isinstance(statement.targets[0], ast.Name)
    ):
        return statement.targets[0].id
    return ''


def _value(node: ast.expr) -> Any:
    """A plain value; ``dict(...)`` is one, too."""
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == 'dict'
        and not node.args
    ):
        return {_key(part.arg): _value(part.value) for part in node.keywords}
    if isinstance(node, ast.Dict):
        return {
            ast.literal_eval(_key(key)): _value(value)
            for key, value in zip(node.keys, node.values, strict=True)
        }
    if isinstance(node, ast.List):
        return [_value(part) for part in node.elts]
    if isinstance(node, ast.Tuple):
        return tuple(_value(part) for part in node.elts)
    return ast.literal_eval(node)


def _key(key: Any) -> Any:
    if key is None:
        raise ValueError('** takes values from elsewhere')
    return key
