"""The steps from an image to the input of a model, as an ONNX file has them.

A file may come from anywhere, and building a step of any type would run code
of its choice: ``type='os.system'`` is found by mmengine's registry as well.
So the types are those named here, and arguments are numbers and texts.
"""

import math
from collections.abc import Sequence
from typing import Any

from mmengine.config import Config

from mmvision_ext.utils import InputError
from mmvision_ext.utils.config.dataset_configs import pipeline_of_test
from mmvision_ext.utils.type_name import type_name

LARGEST = 10_000  # of all numbers: a side in pixels
LARGEST_FACTOR = 16  # that an image is enlarged by
_SCOPES = ('', 'mmcv.', 'mmdet.', 'mmpretrain.', 'mmvision_ext.')
_KINDS = (
    'CenterCrop',
    'LoadImageFromFile',
    'LoadObjectCrop',
    'LoadUprightImage',
    'PackAttributes',
    'PackDetInputs',
    'PackInputs',
    'Resize',
    'ResizeEdge',
)
_TYPES = frozenset(scope + kind for scope in _SCOPES for kind in _KINDS)
#: They read labels, of which an image that is predicted has none.
_OF_LABELS = ('LoadAnnotations', 'RevealAttributes')


def stored_steps(config: Config) -> list[dict[str, Any]]:
    """The test pipeline of a config, without what reads labels.

    Args:
        config: A config, whose test dataset may be wrapped.

    Returns:
        The steps, of texts, numbers and lists of these.

    Raises:
        InputError: There is no pipeline, or one of its steps cannot be
            stored.
    """
    place = f'{config.filename or "config"}: test_dataloader.dataset.pipeline'
    steps = [
        step
        for step in pipeline_of_test(config)
        if type_name(step.get('type')) not in _OF_LABELS
    ]
    return check_steps(steps, place)


def check_steps(steps: Any, place: str) -> list[dict[str, Any]]:
    """Refuse steps of other types than are stored.

    Args:
        steps: A pipeline.
        place: Where it stands, for messages.

    Returns:
        The steps, copied, with tuples in the place of lists.

    Raises:
        InputError: There are none, or one has another type, or an argument
            that is no text, number or list, or is too large.
    """
    if not isinstance(steps, Sequence) or isinstance(steps, str) or not steps:
        raise InputError(f'{place}: expected steps, found {steps!r}.')
    checked = []
    for index, step in enumerate(steps):
        kind = step.get('type') if isinstance(step, dict) else None
        if not isinstance(kind, str) or kind not in _TYPES:
            raise InputError(
                f'{place}[{index}].type: expected one of {", ".join(_KINDS)}, '
                f'found {kind!r}. An exported file is prepared for by these '
                'only.'
            )
        for key, value in step.items():
            # Such as _scope_, which mmengine would import.
            if str(key).startswith('_'):
                raise InputError(
                    f'{place}[{index}]: expected arguments of {kind}, found '
                    f'{key}. Leave it out.'
                )
            if not _is_plain(value):
                raise InputError(
                    f'{place}[{index}].{key}: expected texts, numbers and '
                    f'lists of these, found {value!r}. Leave it out.'
                )
            largest = LARGEST_FACTOR if key == 'scale_factor' else LARGEST
            if not _is_bounded(value, largest):
                raise InputError(
                    f'{place}[{index}].{key}: expected numbers up to '
                    f'{largest}, found {value!r}.'
                )
        # JSON has no tuples, which is what sizes have to be.
        checked.append({key: _frozen(value) for key, value in step.items()})
    return checked


def check_order(
    steps: Sequence[dict[str, Any]], detects: bool, place: str
) -> None:
    """Refuse steps that do not lead from an image to a model.

    Args:
        steps: What :func:`check_steps` gave.
        detects: Whether they are of a detector, which needs to know how far
            an image was resized; else images may be there already.
        place: Where they stand, for messages.

    Raises:
        InputError: A step of loading, resizing or packing is missing.
    """
    kinds = [type_name(step['type']) for step in steps]
    ends = ['PackDetInputs'] if detects else ['PackInputs', 'PackAttributes']
    fits = kinds[-1] in ends and not any(
        kind.startswith('Pack') for kind in kinds[:-1]
    )
    if detects:
        fits &= kinds[0] == 'LoadImageFromFile' and 'Resize' in kinds
    if not fits:
        first = 'LoadImageFromFile, Resize, ' if detects else ''
        raise InputError(
            f'{place}: expected {first}..., {" or ".join(ends)}, found '
            f'{", ".join(kinds)}. Export it again.'
        )


def _is_plain(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, (bool, int, float, str))


def _is_bounded(value: Any, largest: int) -> bool:
    """Whether all numbers are finite, and none is larger."""
    if isinstance(value, (list, tuple)):
        return all(_is_bounded(part, largest) for part in value)
    if not isinstance(value, (int, float)):
        return True
    return math.isfinite(value) and abs(value) <= largest


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value
