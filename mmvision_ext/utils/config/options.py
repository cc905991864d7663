"""Settings of the command line (``--cfg-options``) over a config."""

import logging
from collections.abc import Mapping
from typing import Any

from mmengine.config import Config
from mmengine.logging import print_log

from mmvision_ext.utils.errors import InputError

from .keys import child_of
from .runner_keys import RUNNER_KEYS, near_miss


def merge_options(cfg: Config, options: Mapping[str, Any]) -> None:
    """Write options into a config; refuse what was mistyped.

    mmengine makes up a key that the config does not have, so that a typo has
    no effect and no message. A new key is refused where it nearly is one of
    its neighbours; a key with a ``type`` beside it is left to the check of
    arguments.

    Args:
        cfg: Changed in place.
        options: Dotted key to value.

    Raises:
        InputError: A key was mistyped, or cannot be written: it leads into a
            value that is no dict, or over the end of a list.
    """
    for key in options:
        _check_key(cfg, key)
    try:
        cfg.merge_from_dict(fitted(cfg, options))
    except (AttributeError, KeyError, TypeError, IndexError) as error:
        reason = error.args[0] if error.args else error
        raise InputError(
            f'--cfg-options {" ".join(options)}: cannot be written into '
            f'{cfg.filename}: {reason}'
        ) from error


def fitted(cfg: Config, options: Mapping[str, Any]) -> dict[str, Any]:
    """Make lists tuples where the config has tuples, at any depth.

    The command line reads ``[480,288]`` as a list, and YAML has no tuples.

    Args:
        cfg: The config.
        options: Dotted key to value.

    Returns:
        Dotted key to value.
    """
    return {
        key: _fit(value, _value(cfg, key)) for key, value in options.items()
    }


def _fit(value: Any, model: Any) -> Any:
    """A list or tuple, as what it replaces; further elements as the last."""
    if not isinstance(value, (list, tuple)):
        return value
    if not isinstance(model, (list, tuple)) or not model:
        return value
    items = [
        _fit(item, model[min(place, len(model) - 1)])
        for place, item in enumerate(value)
    ]
    return tuple(items) if isinstance(model, tuple) else type(value)(items)


def _value(cfg: Config, key: str) -> Any:
    """What a dotted key has now, or a marker for nothing."""
    node: Any = cfg
    for part in key.split('.'):
        node = child_of(node, part)
    return node


def _check_key(cfg: Config, key: str) -> None:
    """Refuse a mistyped key; say which ones have no effect."""
    node: Any = cfg
    parts = key.split('.')
    top = parts[0]
    for depth, part in enumerate(parts):
        if not isinstance(node, (Mapping, Config)):
            break
        if part not in node:
            names = {str(name) for name in node}
            if depth == 0:
                names |= RUNNER_KEYS
            likely = near_miss(part, names)
            if likely and (depth == 0 or 'type' not in node):
                right = '.'.join([*parts[:depth], likely])
                raise InputError(
                    f"--cfg-options {key}: {cfg.filename} has no '{part}'"
                    f'{" at " + ".".join(parts[:depth]) if depth else ""}; '
                    f"did you mean '{right}'?"
                )
            break
        node = node[part]
    if top not in RUNNER_KEYS:
        print_log(
            f"--cfg-options {key}: no run reads '{top}' at the top of a "
            'config. A variable of the config file has been used already: '
            'set the keys that have its value',
            logger='current',
            level=logging.WARNING,
        )
