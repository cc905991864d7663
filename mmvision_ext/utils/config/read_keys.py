"""Settings without a type, whose keys code reads one by one."""

import inspect
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from mmcv import ops
from mmengine.registry import DATASETS, MODELS

from mmvision_ext.utils.nearest import did_you_mean

from .parts import Part, is_known

#: Settings of models and of datasets that are read key by key.
_OF_MODELS = ('train_cfg', 'test_cfg', 'semi_train_cfg', 'semi_test_cfg')
_OF_DATASETS = ('filter_cfg', 'data_prefix')
#: Nothing reads it, and every config of mmdet has it.
_CUSTOMARY = {'debug'}
#: What ``mmcv.ops.batched_nms`` takes beside the arguments of an operator.
_OF_NMS = {'type', 'class_agnostic', 'split_thr', 'max_num'}
_OPENING = '.\'"'  # before an attribute or a text
_ASSIGNED = re.compile(r'\s*[=:,)]')  # after an argument
_READ = re.compile(r"""cfg\.(\w+)|\.(?:get|pop)\(\s*['"](\w+)""")


def unread_key_faults(parts: Iterable[Part]) -> list[str]:
    """Find keys that no code can read, since none has their name.

    A key may be right where the models, or the datasets, of the packages
    that the settings are for have its name as an attribute, an argument or a
    text. Nothing is told of classes from elsewhere.

    Args:
        parts: Parts of a config.

    Returns:
        One sentence a fault.
    """
    parts = list(parts)
    model = [part for part in parts if part.key.partition('.')[0] == 'model']
    faults: list[str] = []
    for part in parts:
        if part.registry is DATASETS:
            faults += _faults(part, _OF_DATASETS, [part])
        elif part.registry is MODELS:
            faults += _faults(part, _OF_MODELS, model)
    return faults


@cache
def is_read(name: str, folders: frozenset[str]) -> bool:
    """Whether code has an attribute, an argument or a text of a name.

    Args:
        name: Name of a key.
        folders: Packages whose code may read it, such as ``'mmdet.models'``;
            they are imported.

    Returns:
        Whether it has.
    """
    if name in _CUSTOMARY:
        return True
    word = re.compile(rf'{re.escape(name)}\b')
    for folder in folders:
        code = _source(folder)
        for found in word.finditer(code):
            before = code[found.start() - 1]
            if before in _OPENING or (
                not (before.isalnum() or before == '_')
                and _ASSIGNED.match(code, found.end())
            ):
                return True
    return False


def _faults(
    part: Part, names: Iterable[str], readers: Iterable[Part]
) -> Iterator[str]:
    """Faults in some settings of a part."""
    names = [name for name in names if name in part.config]
    if not names:
        return
    kinds = [reader.find() for reader in readers]
    if not all(map(is_known, kinds)):
        return
    folders = frozenset(
        '.'.join(base.__module__.split('.')[:2])
        for kind in kinds
        for base in getattr(kind, '__mro__', ())
        if is_known(base)
    )
    for name in names:
        settings = part.config.get(name)
        if isinstance(settings, Mapping) and 'augments' in settings:
            continue  # arguments of mmpretrain's RandomBatchAugment
        yield from _unread(settings, f'{part.key}.{name}', folders)


def _unread(settings: Any, key: str, folders: frozenset[str]) -> Iterator[str]:
    """Keys of a dict without a type, or of a list of them, at any depth."""
    if isinstance(settings, (list, tuple)):
        for index, item in enumerate(settings):
            yield from _unread(item, f'{key}.{index}', folders)
    elif not isinstance(settings, Mapping):
        return
    elif key.endswith('.nms'):
        yield from _nms_faults(settings, key)
    elif 'type' not in settings:
        for name, value in settings.items():
            if is_read(str(name), folders):
                yield from _unread(value, f'{key}.{name}', folders)
            else:
                near = did_you_mean(name, sorted(_read_names(folders)))
                yield f'{key}.{name}: no code reads this key{near}'


def _nms_faults(settings: Mapping[str, Any], key: str) -> Iterator[str]:
    """Keys that suppression would refuse at the first prediction."""
    operator = getattr(ops, str(settings.get('type', 'nms')), None)
    if operator is None:
        return
    taken = [*inspect.signature(operator).parameters][2:]  # boxes, scores
    known = sorted({*taken, *_OF_NMS})
    for name in settings:
        if name not in known:
            near = did_you_mean(name, known)
            yield (
                f'{key}.{name}: mmcv.ops.{operator.__name__} has no argument '
                f"'{name}'{near}"
            )


@cache
def _read_names(folders: frozenset[str]) -> frozenset[str]:
    """Names of keys that code takes from settings, as ``cfg.name``."""
    return frozenset(
        name
        for folder in folders
        for names in _READ.findall(_source(folder))
        for name in names
        if name
    )


@cache
def _source(folder: str) -> str:
    """All code in a package's folder, such as ``'mmdet.models'``."""
    path = Path(sys.modules[folder].__file__ or '')
    return '\n'.join(
        file.read_text(encoding='utf-8')
        for file in sorted(path.parent.rglob('*.py'))
    )
