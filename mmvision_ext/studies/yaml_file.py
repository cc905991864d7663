"""YAML whose mistakes are named: repeated keys, unknown keys, wrong types."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from mmvision_ext.utils import InputError
from mmvision_ext.utils.nearest import nearest


class _Loader(yaml.SafeLoader):
    """Reads plain data and refuses a key that occurs twice."""

    def construct_mapping(
        self, node: yaml.MappingNode, deep: bool = False
    ) -> dict:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, (str, int, float)):
                continue
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None,
                    None,
                    f"the key '{key}' occurs twice; keep one of them",
                    key_node.start_mark,
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a YAML file that holds a mapping.

    Args:
        path: The file.

    Returns:
        Its content.

    Raises:
        InputError: There is no such file, it is not YAML, a key occurs
            twice, or it holds something else than a mapping.
    """
    if not path.is_file():
        raise InputError(f'expected a YAML file, found none at {path}.')
    try:
        content = yaml.load(path.read_text('utf-8'), _Loader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f'{path} cannot be read as YAML: {error}') from error
    if not isinstance(content, dict):
        raise InputError(
            f'{path}: expected keys and values (name: ..., configs: ...), '
            f'found {type(content).__name__}.'
        )
    return content


def check_keys(
    mapping: Mapping[str, Any],
    required: Iterable[str],
    optional: Iterable[str],
    place: str,
) -> None:
    """Refuse missing and unknown keys.

    Args:
        mapping: What the user wrote.
        required: Keys that must be there.
        optional: Keys that may be there.
        place: File and key, for the message.

    Raises:
        InputError: It is no mapping, a key is unknown (the nearest valid one
            is named), or one is missing.
    """
    if not isinstance(mapping, Mapping):
        raise InputError(
            f'{place}: expected keys and values, found {mapping!r}.'
        )
    required = list(required)
    valid = [*required, *optional]
    for key in mapping:
        if key not in valid:
            raise InputError(
                f"{place}: no key '{key}' is known here{nearest(key, valid)}"
            )
    missing = [key for key in required if key not in mapping]
    if missing:
        raise InputError(
            f'{place}: expected the key(s) {", ".join(missing)}, found '
            f'{", ".join(mapping) or "none"}. Add what is missing.'
        )


def check_type(
    value: Any, expected: type | tuple[type, ...], what: str, place: str
) -> Any:
    """Refuse a value of another type.

    Args:
        value: What the user wrote.
        expected: Type or types; a bool is no number.
        what: What is expected, in words.
        place: File and key, for the message.

    Returns:
        The value.

    Raises:
        InputError: It has another type, or is empty.
    """
    wrong = not isinstance(value, expected) or isinstance(value, bool)
    if wrong or value == '' or value == [] or value == {}:
        raise InputError(f'{place}: expected {what}, found {value!r}.')
    return value
