"""What an ONNX file says of itself, checked: the file may be anyone's."""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from mmengine.registry import TRANSFORMS, DefaultScope

from mmvision_ext.utils import InputError, reason_of

from .exported_steps import LARGEST, check_order, check_steps

ExportedTask = Literal['detection', 'classification', 'attributes']
#: Scope of the steps. It is imported, and so never taken from the file.
SCOPES: dict[str, str] = {
    'detection': 'mmdet',
    'classification': 'mmpretrain',
    'attributes': 'mmpretrain',
}
_NEEDED = frozenset(
    {'task', 'pipeline', 'classes', 'dataset_meta', 'input_size'}
)


@dataclass(frozen=True)
class ExportedInfo:
    """What a prediction needs to know of a file.

    Attributes:
        task: What the model does.
        steps: From an image to the input.
        classes: Names, one a class.
        dataset_meta: Else known of the classes: ``palette`` and
            ``attribute_groups``, where there are any.
        input_size: Height and width of the input in pixels; None, of
            detectors only, is any.
        mask_threshold: Probability from which a pixel belongs to a mask;
            None of classifiers.
    """

    task: ExportedTask
    steps: list[dict[str, Any]]
    classes: tuple[str, ...]
    dataset_meta: dict[str, Any]
    input_size: tuple[int, int] | None
    mask_threshold: float | None


def read_task(metadata: Mapping[str, str], path: str | Path) -> ExportedTask:
    """What the model of a file does.

    Args:
        metadata: Of the file.
        path: The file, for messages.

    Returns:
        The task.

    Raises:
        InputError: The file is of another tool or version.
    """
    needed = set(_NEEDED)
    if metadata.get('task') == 'detection':
        needed.add('mask_threshold')
    if missing := sorted(needed - set(metadata)):
        raise InputError(
            f'model {path}: expected a file of tools/deployment/'
            'export_onnx.py, which says how images are prepared, found one '
            f'without {", ".join(missing)} in its metadata. Export it again '
            'with this version.'
        )
    task: Any = metadata['task']
    if task not in SCOPES:
        raise InputError(
            f'model {path}: expected a task of {", ".join(SCOPES)} in its '
            f'metadata, found {task[:40]}. Export it again.'
        )
    return task


def read_info(metadata: Mapping[str, str], path: str | Path) -> ExportedInfo:
    """Read and check the metadata of a file.

    Args:
        metadata: Of the file.
        path: The file, for messages.

    Returns:
        What a prediction needs.

    Raises:
        InputError: An entry is missing or not what it has to be.
    """
    task = read_task(metadata, path)
    detects = task == 'detection'

    def entry(key: str, fits: Callable[[Any], bool], expected: str) -> Any:
        value = _parsed(metadata[key], key, path)
        if not fits(value):
            raise InputError(
                f'model {path}: expected {expected} in {key} of the '
                f'metadata, found {metadata[key][:40]!r}. Export it again.'
            )
        return value

    classes = entry('classes', _is_names, 'names, a list of texts,')
    meta = entry(
        'dataset_meta',
        lambda value: _is_about_classes(value, len(classes)),
        'palette (a colour a class, three whole numbers from 0 to 255) and '
        'attribute_groups (lists of names), or {},',
    )
    size = entry(
        'input_size',
        lambda value: (detects and value is None) or _is_size(value),
        f'height and width from 1 to {LARGEST}',
    )
    threshold = None
    if detects:
        threshold = entry(
            'mask_threshold',
            lambda value: _is_number(value) and 0 <= value <= 1,
            'a number from 0 to 1',
        )
    place = f'model {path}: pipeline'
    steps = check_steps(_parsed(metadata['pipeline'], 'pipeline', path), place)
    check_order(steps, detects, place)
    _check_built(steps, SCOPES[task], place)
    return ExportedInfo(
        task,
        steps,
        tuple(classes),
        meta,
        None if size is None else (size[0], size[1]),
        None if threshold is None else float(threshold),
    )


def _parsed(text: str, key: str, path: str | Path) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(
            f'model {path}: expected JSON in {key} of the metadata, found '
            f'{text[:40]!r} ({error}). Export it again.'
        ) from error


def _check_built(steps: list[dict[str, Any]], scope: str, place: str) -> None:
    """Build each step once, so that a wrong argument is found here."""
    for index, step in enumerate(steps):
        try:
            with DefaultScope.overwrite_default_scope(scope):
                TRANSFORMS.build(dict(step))
        except Exception as error:  # steps raise many kinds
            raise InputError(
                f'{place}[{index}]: expected a step that can be built, found '
                f'{step} ({reason_of(error)}). Export it again.'
            ) from error


def _is_names(value: Any) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(name, str) for name in value)
    )


def _is_about_classes(value: Any, count: int) -> bool:
    if not isinstance(value, dict):
        return False
    palette = value.get('palette', '')
    groups = value.get('attribute_groups', {})
    return (
        set(value) <= {'palette', 'attribute_groups'}
        and (
            isinstance(palette, str)
            or (
                isinstance(palette, list)
                and len(palette) >= count
                and all(map(_is_colour, palette))
            )
        )
        and isinstance(groups, dict)
        and all(_is_names(names) for names in groups.values())
    )


def _is_colour(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) == 3
        and all(type(part) is int and 0 <= part <= 255 for part in value)
    )


def _is_size(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) == 2
        and all(type(side) is int and 1 <= side <= LARGEST for side in value)
    )


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value)
