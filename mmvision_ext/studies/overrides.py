"""Overrides of a config, as ``--cfg-options`` of the tools takes them."""

import argparse
from collections.abc import Mapping
from typing import Any

from mmengine.config import Config, DictAction

from mmvision_ext.utils import InputError
from mmvision_ext.utils.config.keys import look_up
from mmvision_ext.utils.config.options import fitted
from mmvision_ext.utils.config.runner_keys import RUNNER_KEYS

# tools/train.py sets these itself.
_OF_THE_TOOL = {'work_dir', 'launcher', 'resume'}


def check_overrides(content: Any, place: str) -> dict[str, Any]:
    """Check what a study file says under ``overrides``.

    Args:
        content: Dotted key to value, or None.
        place: File and key, for the message.

    Returns:
        Dotted key to value, as ``--cfg-options`` will read it.

    Raises:
        InputError: It is no mapping, or a value cannot be written as a
            config option: text with commas, blanks, brackets or quotes, a
            mapping, an empty text.
    """
    if content is None:
        return {}
    if not isinstance(content, Mapping):
        raise InputError(
            f'{place}: expected dotted keys and values such as '
            f'train_cfg.max_epochs: 2, found {content!r}.'
        )
    parsed = {}
    for key, value in content.items():
        text = option(key, value)
        read = _parse(text)
        # 1e-3 is a text in YAML; the command line makes it the number meant.
        if read != {key: value} and not _is_number_text(value, read.get(key)):
            raise InputError(
                f'{place}: {key}: expected a number, true, false, null, a '
                'text without commas, blanks, brackets and quotes, or a list '
                f'of these, found {value!r}. Write a mapping as dotted keys; '
                'put anything else into a config file.'
            )
        parsed.update(read)
    return parsed


def option(key: str, value: Any) -> str:
    """Write one override as ``--cfg-options`` takes it.

    Args:
        key: Dotted key.
        value: Number, bool, None, text, or a list or tuple of these.

    Returns:
        ``key=value``.
    """
    return f'{key}={_written(value)}'


def apply_overrides(
    cfg: Config, overrides: Mapping[str, Any], place: str
) -> None:
    """Write overrides into a config.

    Args:
        cfg: Changed in place.
        overrides: Dotted key to value.
        place: What the message says they belong to.

    Raises:
        InputError: A key leads through something that the config does not
            have, which mmengine would make up without a word, or begins
            with one that a training does not read.
    """
    for key in overrides:
        _check_parents(cfg, key, place)
        _check_effect(cfg, key, place)
    try:
        cfg.merge_from_dict(fitted(cfg, overrides))
    except (KeyError, TypeError, IndexError) as error:
        raise InputError(
            f'{place}: the overrides {dict(overrides)} do not fit '
            f'{cfg.filename}: {error}.'
        ) from error


def _check_parents(cfg: Config, key: str, place: str) -> None:
    """All of a key but its last part must exist; all of a one-part key."""
    try:
        look_up(cfg, key.rpartition('.')[0] or key)
    except InputError as error:
        raise InputError(f"{place}: override '{key}': {error}") from None


def _check_effect(cfg: Config, key: str, place: str) -> None:
    """Refuse a variable of the config file: its uses are written already."""
    name = key.partition('.')[0]
    if name not in RUNNER_KEYS - _OF_THE_TOOL:
        raise InputError(
            f"{place}: override '{key}': no training reads '{name}' of "
            f'{cfg.filename} at the top level, so nothing would change. If '
            'it is a variable of the config file, override the keys in which '
            'its value is used (in model, train_dataloader, custom_hooks, '
            '...), or write a config that sets it.'
        )


def _written(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        left, right = '[]' if isinstance(value, list) else '()'
        return left + ','.join(map(_written, value)) + right
    return str(value)


def _parse(text: str) -> dict[str, Any]:
    """What the tools' ``--cfg-options`` makes of a text."""
    parser = argparse.ArgumentParser()
    parser.add_argument('--cfg-options', nargs='+', action=DictAction)
    try:
        return parser.parse_args(['--cfg-options', text]).cfg_options
    except (AssertionError, SystemExit, ValueError):
        return {}  # unbalanced brackets


def _is_number_text(value: Any, read: Any) -> bool:
    return isinstance(value, str) and isinstance(read, float)
