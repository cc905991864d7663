"""Which file of a config set a key, and what it overrode."""

import importlib.util
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from mmengine.config import Config

from mmvision_ext.utils.config.read import read_config

from .keys import MISSING, child_of, look_up
from .layers import Layer, read_layers
from .lines import line_of
from .options import merge_options

_OPTIONS = '--cfg-options'


@dataclass
class Step:
    """What one file does to a key.

    Attributes:
        place: ``file:line``, or ``--cfg-options``.
        action: ``sets``, ``adds to``, ``replaces`` (``_delete_``) or
            ``removes``.
        value: What the file says; None where it removes the key.
        source: Where the value comes from, for ``_base_.x``; else empty.
    """

    place: str
    action: str
    value: Any = None
    source: str = ''


def explain(
    path: str | Path, key: str, options: Mapping[str, Any] | None = None
) -> tuple[Any, list[Step]]:
    """Find the value of a key and the files that made it, in order.

    Args:
        path: Config file.
        key: Dotted key; numbers count in lists.
        options: ``--cfg-options``, dotted key to value.

    Returns:
        The value, and what each file did, the last one last. The second is
        empty for a config that imports its bases (``read_base``).

    Raises:
        InputError: The config cannot be read, or has no such key.
    """
    config = read_config(path)
    merge_options(config, options or {})
    value = look_up(config, key)
    layers = [] if Config._is_lazy_import(str(path)) else read_layers(path)[1]
    steps = _steps(layers, key.split('.'))
    for name, given in (options or {}).items():
        if f'{key}.'.startswith(f'{name}.') or name.startswith(f'{key}.'):
            action = 'adds to' if name != key and value != given else 'sets'
            steps.append(Step(f'{_OPTIONS} {name}', action, given))
    return value, steps


def explanation(key: str, value: Any, steps: Sequence[Step]) -> str:
    """Write the history of a key.

    Args:
        key: Dotted key.
        value: Its value.
        steps: What each file did, in order.

    Returns:
        Lines: the value, the place that had the last word, then what it
        overrode, the newest first.
    """
    lines = [f'{key} = {value!r}']
    if not steps:
        lines.append('(a config that imports its bases: no history)')
    for index, step in enumerate(reversed(steps)):
        word = 'set by' if not index else 'before'
        what = step.action
        if not isinstance(step.value, Mapping) and step.action != 'removes':
            what += f' {step.value!r}'
        source = f' (from {step.source})' if step.source else ''
        lines.append(f'  {word}: {step.place}: {what}{source}')
    return '\n'.join(lines)


@cache
def place_of(path: str, key: str) -> str:
    """Where a config sets a key, for a message.

    Args:
        path: Config file.
        key: Dotted key.

    Returns:
        ``file:line``; where no file sets the key, the place of the nearest
        part around it, and its key. Empty where neither can be told.
    """
    try:
        if Config._is_lazy_import(path):
            return ''
        layers = read_layers(path)[1]
    except Exception:  # the message of the fault itself matters more
        return ''
    parts = key.split('.')
    for length in range(len(parts), 0, -1):
        for step in reversed(_steps(layers, parts[:length])):
            if step.value is not None and length == len(parts):
                return step.place
            if step.value is not None:
                return f'{".".join(parts[:length])} is set in {step.place}'
    return ''


def short_path(path: Path) -> str:
    """A path as one would write it: relative, or ``mmdet::...``.

    Args:
        path: Absolute path of a config.

    Returns:
        The path in the working directory or in a package's configs, else as
        it is.
    """
    for host in ('mmdet', 'mmpretrain'):
        spec = importlib.util.find_spec(host)
        for folder in (spec and spec.submodule_search_locations) or ():
            configs = Path(folder) / '.mim' / 'configs'
            if path.is_relative_to(configs):
                return f'{host}::{path.relative_to(configs)}'
    text = os.path.normpath(path)
    here = os.getcwd() + os.sep
    return text.removeprefix(here)


def _steps(layers: Sequence[Layer], keys: list[str]) -> list[Step]:
    """What each file does to a key."""
    steps: list[Step] = []
    for index, layer in enumerate(layers):
        step = _step(layer, keys, bool(steps))
        if step is None:
            continue
        line, source = line_of(layer.path, keys)
        step.place = short_path(layer.path) + (f':{line}' if line else '')
        if source:
            before = _steps(layers[:index], source.split('.'))
            origin = f', {before[-1].place}' if before else ''
            step.source = f'_base_.{source}{origin}'
        steps.append(step)
    return steps


def _step(layer: Layer, keys: list[str], is_set: bool) -> Step | None:
    """What one file does to a key; None if nothing."""
    node: Any = layer.own
    replaced = False
    for depth, key in enumerate(keys):
        if isinstance(node, Mapping) and node.get('_delete_') and depth:
            replaced = True
        child = child_of(node, key)
        if child is MISSING:
            inherits = isinstance(node, Mapping) and not replaced
            return Step('', 'removes') if is_set and not inherits else None
        node = child
    if not isinstance(node, Mapping):
        return Step('', 'sets', node)
    if node.get('_delete_') or replaced:
        return Step('', 'replaces', node)
    return Step('', 'adds to' if is_set else 'sets', node)
