"""Class counts of a config: its heads against its data."""

import os.path as osp
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mmvision_ext.utils.config.dataset_configs import (
    dataset_classes,
    known_metainfo,
)
from mmvision_ext.utils.type_name import type_name

from .walk import iter_hooks

Datasets = Sequence[tuple[str, Mapping[str, Any]]]  # (key path, config)
Counts = dict[str, int]  # a head's key, such as num_classes, to its value

#: Parts of a model whose own ``num_classes`` counts the dataset's classes. A
#: region proposal head counts objectness instead, a semantic head pixels.
_CLASS_HEADS = {'head', 'bbox_head', 'mask_head'}
#: Parts whose heads count something else: a re-identification counts people.
_OTHER_PARTS = {'reid'}
#: Keys of a panoptic head, which counts all classes in two parts.
_THINGS, _STUFF = 'num_things_classes', 'num_stuff_classes'
_BOTH = f'{_THINGS} + {_STUFF}'
#: What tells a model whose classes are words those of the data.
_HOOK = 'VocabularyHook'
_MEANING = {_THINGS: 'thing ', _STUFF: 'stuff '}


def class_name_faults(key: str, dataset: Mapping[str, Any]) -> list[str]:
    """Find a string in the place of a tuple, and palettes of other length.

    Args:
        key: Place of the dataset in the config.
        dataset: Config of one dataset.

    Returns:
        One sentence a fault.
    """
    metainfo = dataset.get('metainfo')
    spellings = {'classes': dataset.get('classes')}  # mmpretrain's
    if isinstance(metainfo, Mapping):
        spellings['metainfo.classes'] = metainfo.get('classes')
    faults = [
        f"{key}.{name} is the string '{classes}' and no file: write a "
        f"tuple, ('{classes}', ) with the comma"
        for name, classes in spellings.items()
        if isinstance(classes, str) and not osp.isfile(osp.expanduser(classes))
    ]
    if not isinstance(metainfo, Mapping):
        return faults
    classes, palette = metainfo.get('classes'), metainfo.get('palette')
    if (
        isinstance(palette, Sequence)
        and isinstance(classes, Sequence)
        and not isinstance(palette, str)
        and not isinstance(classes, str)
        and len(palette) != len(classes)
    ):
        faults.append(
            f'{key}.metainfo.palette has {len(palette)} colours for '
            f'{len(classes)} classes: give one (R, G, B) a class'
        )
    return faults


def class_count_faults(
    model: Mapping[str, Any], datasets: Datasets, scope: str | None
) -> list[str]:
    """Find heads that count other classes than the data has.

    A model with a language model is left alone: its heads are open to any
    class, their ``num_classes`` counts text tokens or nothing. So is one with
    a vocabulary, except for its training data: ``num_classes`` counts the
    words of these, and a test asks for any others.

    Args:
        model: Config of the model.
        datasets: Key path and config of the datasets that the heads are for.
        scope: The config's ``default_scope``.

    Returns:
        One sentence a fault; none where the classes are known only after the
        data was read, or differ from dataset to dataset.
    """
    counts_of = [
        (key, _head_counts(known_metainfo(dataset, scope)))
        for key, dataset in datasets
    ]
    if not counts_of or 'language_model' in model:
        return []
    if has_vocabulary(model) and not counts_of[0][0].startswith('train_'):
        return []
    first, expected = counts_of[0]
    if any(counts != expected for _, counts in counts_of):
        return []
    return [
        f'{key} = {found}, but {first} has {expected[kind]} '
        f'{_MEANING.get(kind, "")}classes: set {key} = {expected[kind]}'
        for key, kind, found in _counts_in(model)
        if kind in expected and found != expected[kind]
    ]


def class_count_warnings(
    model: Mapping[str, Any],
    reference: Datasets,
    others: Datasets,
    scope: str | None,
) -> list[str]:
    """Find datasets whose number of classes is another than the first's.

    Args:
        model: Config of the model.
        reference: Key path and config of the datasets that the heads are for.
        others: The same of those that the model is measured on.
        scope: The config's ``default_scope``.

    Returns:
        At most one sentence; none for a model with a language model or a
        vocabulary, which finds any class.
    """
    if 'language_model' in model or has_vocabulary(model):
        return []
    counts = [
        (key, len(classes))
        for key, dataset in (*reference, *others)
        if (classes := dataset_classes(dataset, scope)) is not None
    ]
    differing = [
        f'{key} has {count}' for key, count in counts if count != counts[0][1]
    ]
    if not differing:
        return []
    key, count = counts[0]
    return [
        f'{key} has {count} classes, but {", ".join(differing)}: results '
        'mean something only where equal labels mean equal classes'
    ]


def has_vocabulary(model: Mapping[str, Any]) -> bool:
    """Whether the classes of a model are words that follow the data.

    Args:
        model: Config of the model.

    Returns:
        True for detectors and classifiers with an embedding file.
    """
    head = model.get('head')
    return 'vocabulary' in model or (
        isinstance(head, Mapping) and 'vocabulary' in head
    )


def vocabulary_faults(cfg: Mapping[str, Any]) -> list[str]:
    """Find a model whose words nobody sets to the classes of the data.

    Its labels would be places in the embedding file, in the order of that.

    Args:
        cfg: The complete config of a runner.

    Returns:
        One sentence, or none.
    """
    if not has_vocabulary(cfg.get('model') or {}):
        return []
    names = [
        type_name(
            hook.get('type') if isinstance(hook, Mapping) else type(hook)
        )
        for _, hook in iter_hooks(cfg)
        if hook is not None  # a default hook that is taken out
    ]
    if any(name.endswith(_HOOK) for name in names):
        return []  # or one derived from it, by its name
    return [
        f"custom_hooks: expected dict(type='mmvision_ext.{_HOOK}'), since the "
        'classes of the model are words, found '
        f'{", ".join(names) or "none"}: add it, or labels of the '
        'data would meet the words in the order of the embedding file'
    ]


def _head_counts(metainfo: Mapping[str, Any]) -> Counts:
    """What heads have to count for this metainfo, as far as is certain."""
    classes = metainfo.get('classes')
    if classes is None or isinstance(classes, str):
        return {}
    things, stuff = (
        metainfo.get(name) for name in ('thing_classes', 'stuff_classes')
    )
    if things is None or stuff is None:
        return {'num_classes': len(classes), _BOTH: len(classes)}
    if len(things) + len(stuff) != len(classes):
        return {}  # classes replaced, things and stuff left as they were
    return {
        'num_classes': len(things),  # boxes and masks are of things only
        _THINGS: len(things),
        _STUFF: len(stuff),
    }


def _counts_in(
    node: Any, key: str = 'model'
) -> Iterator[tuple[str, str, Any]]:
    """Key path, kind and value of every count of classes in a model."""
    if isinstance(node, Mapping):
        part = next(
            name for name in reversed(key.split('.')) if not name.isdigit()
        )
        if part in _OTHER_PARTS:
            return
        if _THINGS in node and _STUFF in node:
            yield f'{key}.{_BOTH}', _BOTH, node[_THINGS] + node[_STUFF]
        for name, value in node.items():
            if name in _MEANING or (
                name == 'num_classes' and part in _CLASS_HEADS
            ):
                yield f'{key}.{name}', name, value
            else:
                yield from _counts_in(value, f'{key}.{name}')
    elif isinstance(node, (list, tuple)):
        for index, value in enumerate(node):
            yield from _counts_in(value, f'{key}.{index}')
