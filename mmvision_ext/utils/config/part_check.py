"""Types and arguments of a config against the constructors they name."""

import inspect
from collections.abc import Iterable, Mapping
from typing import Any

from mmengine.registry import DATASETS

from mmvision_ext.utils.nearest import did_you_mean

from .parts import Part, is_known
from .signatures import Arguments, arguments_of
from .type_lookup import is_scope, meant

#: Keys that a config may have anywhere.
_RESERVED = {'type', '_scope_'}
_ANYWHERE = {*_RESERVED, '_delete_'}
_FEW = 12  # arguments that a message lists
_FALSE = ('false', 'no', 'off')  # texts that count as True
_NUMBERS = {int: 'an integer', float: 'a number'}


def part_faults(parts: Iterable[Part]) -> list[str]:
    """Find types that do not exist and arguments that do not fit.

    Args:
        parts: Parts of a config.

    Returns:
        One sentence a fault, only such as would end the run for certain.
    """
    return [fault for part in parts for fault in _faults(part)]


def _faults(part: Part) -> list[str]:
    if part.scope is not None and not is_scope(part.scope):
        return []  # said once, of default_scope
    name = part.config.get('type', part.default)
    if name is None:
        likely = did_you_mean('type', part.config) if part.config else ''
        return [f'{part.key}.type: expected, found none{likely}']
    kind = part.find()
    if kind is not None:
        return _argument_faults(part, kind) if callable(kind) else []
    likely = meant(name, part.registry, part.scope)
    where = f"'{part.scope}'" if part.scope else 'mmengine'
    place = '' if '.' in name else f' in the scope {where}'
    return [
        f"{part.key}.type: there is no {part.registry.name} '{name}'"
        f'{place}{likely}'
    ]


def _right_names(key: str, known: set[str]) -> str:
    """The argument that may have been meant, or all where they are few."""
    near = did_you_mean(key, sorted(known | _ANYWHERE))
    if near or len(known) > _FEW:
        return near
    return f'; there are {", ".join(sorted(known)) or "none"}'


def _argument_faults(part: Part, kind: Any) -> list[str]:
    """Arguments of a part against one constructor."""
    arguments = arguments_of(kind)
    name = getattr(kind, '__name__', str(kind))
    keys = {
        key
        for key in part.config
        if key not in _RESERVED and key not in part.taken
    }
    known = {*arguments.known, *part.taken} - part.given
    faults = []
    likely: set[str] = set()
    if not arguments.is_open:
        for key in part.config:
            if key in keys and key not in arguments.known:
                near = _right_names(key, known)
                likely |= {item for item in known if f"'{item}'" in near}
                if key == '_delete_':
                    near = ': no base has what it would delete; take it out'
                faults.append(
                    f"{part.key}.{key}: {name} has no argument '{key}'{near}"
                )
    if part.is_whole:
        faults += [
            f"{part.key}.{key}: {name} needs the argument '{key}'"
            for key in sorted(arguments.required - keys - part.given - likely)
        ]
    return (
        faults
        + _pipeline_faults(part, kind)
        + _value_faults(part, keys, name, arguments)
    )


def _pipeline_faults(part: Part, kind: Any) -> list[str]:
    """A pipeline that is no list."""
    pipeline = part.config.get('pipeline')
    if (
        part.registry is not DATASETS
        or not is_known(kind)
        or not isinstance(pipeline, (Mapping, str))
    ):
        return []
    return [
        f'{part.key}.pipeline: expected a list of transforms, found '
        f'{type(pipeline).__name__}'
    ]


def _value_faults(
    part: Part, keys: set[str], name: str, arguments: Arguments
) -> list[str]:
    """Texts where a constructor says that it takes a number or a bool."""
    faults = []
    for key, value in part.config.items():
        item = arguments.known.get(key)
        if key not in keys or item is None or not isinstance(value, str):
            continue
        wanted = _wanted(item, value)
        if wanted:
            faults.append(
                f'{part.key}.{key}: {name} takes {wanted}, found the text '
                f'{value!r}'
            )
    return faults


def _wanted(item: inspect.Parameter, text: str) -> str:
    """What a parameter takes in the place of a text; empty if uncertain."""
    if isinstance(item.default, str):
        return ''  # annotated wrongly
    for kind, words in _NUMBERS.items():
        if item.annotation in (kind, kind.__name__):
            return words
    # Other texts than these may have a meaning of their own.
    if item.annotation in (bool, 'bool') and text.casefold() in _FALSE:
        return 'True or False'
    return ''
