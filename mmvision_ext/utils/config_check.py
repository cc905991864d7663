"""Faults of a config that would otherwise surface deep inside a run."""

import os.path as osp
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mmengine.registry import DATASETS, DefaultScope

from mmvision_ext.utils.errors import InputError

#: Parts of a model whose own ``num_classes`` counts the dataset's classes. A
#: region proposal head counts objectness instead, a semantic head pixels.
_CLASS_HEADS = {'head', 'bbox_head', 'mask_head'}
#: Heads whose ``num_classes`` is a number of text tokens.
_TOKEN_HEADS = ('GroundingDINOHead',)

_DATA_HINT = (
    'link the data there (ln -s /path/to/data data), or name '
    'another place with MMVISION_DATA_ROOT or --cfg-options '
    '{key}=...'
)


def check_config(cfg: Mapping[str, Any], modes: Sequence[str]) -> None:
    """Check a config before any data is read.

    Class counts of the model's heads against the datasets' classes, class
    names and palettes, and files that do not exist.

    Args:
        cfg: The complete config of a runner.
        modes: The data loaders that are going to be used: any of ``'train'``,
            ``'val'``, ``'test'``.

    Raises:
        InputError: With every fault found, each naming its key and the value
            that would be right.
    """
    faults: list[str] = []
    classes_of: dict[str, int] = {}
    for mode in modes:
        loader = cfg.get(f'{mode}_dataloader')
        if not loader:
            continue
        for key, dataset in iter_datasets(
            loader.get('dataset'), f'{mode}_dataloader.dataset'
        ):
            faults += _class_name_faults(key, dataset)
            faults += _missing_files(key, dataset)
            classes = dataset_classes(dataset, cfg.get('default_scope'))
            if classes is not None:
                classes_of[key] = len(classes)
    faults += _class_count_faults(cfg.get('model') or {}, classes_of)
    faults += _missing_checkpoints(cfg)
    if faults:
        raise InputError(
            'the config cannot work:\n'
            + '\n'.join(f'  - {fault}' for fault in faults)
        )


def iter_datasets(
    dataset: Any, key: str
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Walk a dataset config through its wrappers.

    Args:
        dataset: Config of a dataset or of a wrapper around one or several.
        key: Its place in the whole config.

    Yields:
        Key path and config of every dataset that reads files itself.
    """
    if not isinstance(dataset, Mapping):
        return
    if isinstance(dataset.get('dataset'), Mapping):
        yield from iter_datasets(dataset['dataset'], f'{key}.dataset')
    elif isinstance(dataset.get('datasets'), Sequence):
        for index, member in enumerate(dataset['datasets']):
            yield from iter_datasets(member, f'{key}.datasets.{index}')
    else:
        yield key, dataset


def dataset_classes(
    dataset: Mapping[str, Any], scope: str | None
) -> Sequence[str] | None:
    """Class names that a dataset config is going to have.

    Args:
        dataset: Config of one dataset.
        scope: The config's ``default_scope``.

    Returns:
        The names, or None where they are known only after the data was read.
    """
    metainfo = dataset.get('metainfo')
    if isinstance(metainfo, Mapping) and 'classes' in metainfo:
        return metainfo['classes']
    if dataset.get('classes') is not None:  # mmpretrain's spelling
        return dataset['classes']
    with DefaultScope.overwrite_default_scope(scope):
        with DATASETS.switch_scope_and_registry(scope) as registry:
            dataset_type = dataset.get('type')
            found = (
                registry.get(dataset_type)
                if isinstance(dataset_type, str)
                else dataset_type
            )
    return getattr(found, 'METAINFO', {}).get('classes')


def _class_name_faults(key: str, dataset: Mapping[str, Any]) -> list[str]:
    """A string in the place of a tuple; a palette of another length."""
    metainfo = dataset.get('metainfo')
    if not isinstance(metainfo, Mapping):
        return []
    classes, palette = metainfo.get('classes'), metainfo.get('palette')
    if isinstance(classes, str) and not osp.isfile(classes):
        return [
            f"{key}.metainfo.classes is the string '{classes}': write a "
            f"tuple, ('{classes}', ) with the comma"
        ]
    if (
        palette is not None
        and isinstance(classes, Sequence)
        and len(palette) != len(classes)
    ):
        return [
            f'{key}.metainfo.palette has {len(palette)} colours for '
            f'{len(classes)} classes: give one (R, G, B) a class'
        ]
    return []


def _missing_files(key: str, dataset: Mapping[str, Any]) -> list[str]:
    """``data_root``, ``ann_file`` and ``data_prefix`` that do not exist."""
    root = dataset.get('data_root') or ''
    if root and _is_local(root) and not osp.isdir(root):
        hint = _DATA_HINT.format(key=f'{key}.data_root')
        return [f"{key}.data_root: no folder '{root}'; {hint}"]
    faults = []
    ann_file = dataset.get('ann_file')
    if ann_file and _is_local(ann_file):
        path = osp.join(root, ann_file)
        if not osp.exists(path):
            faults.append(f"{key}.ann_file: no file '{path}'")
    prefix = dataset.get('data_prefix') or {}
    named = (
        prefix.items()
        if isinstance(prefix, Mapping)
        else [('img_path', prefix)]
    )
    for name, folder in named:
        if (
            name.startswith('img')
            and folder
            and _is_local(folder)
            and not osp.isdir(osp.join(root, folder))
        ):
            faults.append(
                f'{key}.data_prefix.{name}: no folder '
                f"'{osp.join(root, folder)}'"
            )
    return faults


def _class_count_faults(
    model: Mapping[str, Any], classes_of: Mapping[str, int]
) -> list[str]:
    """Heads whose ``num_classes`` is not the datasets' number of classes."""
    if not classes_of:
        return []
    first_key, expected = next(iter(classes_of.items()))
    faults = [
        f'{key} has {count} classes, {first_key} has {expected}: both need '
        'the same metainfo.classes'
        for key, count in classes_of.items()
        if count != expected
    ]
    return faults + [
        f'{key} = {count}, but {first_key} has {expected} classes: set '
        f'{key} = {expected}'
        for key, count in _head_class_counts(model)
        if count != expected
    ]


def _head_class_counts(
    node: Any, key: str = 'model'
) -> Iterator[tuple[str, int]]:
    """Key path and value of every class head's ``num_classes``."""
    if isinstance(node, Mapping):
        part = next(
            name for name in reversed(key.split('.')) if not name.isdigit()
        )
        counts = part in _CLASS_HEADS and not str(
            node.get('type', '')
        ).endswith(_TOKEN_HEADS)
        for name, value in node.items():
            if name != 'num_classes':
                yield from _head_class_counts(value, f'{key}.{name}')
            elif counts:
                yield f'{key}.{name}', value
    elif isinstance(node, (list, tuple)):
        for index, value in enumerate(node):
            yield from _head_class_counts(value, f'{key}.{index}')


def _missing_checkpoints(cfg: Mapping[str, Any]) -> list[str]:
    """``load_from`` and pretrained parts that name no existing file."""
    named = [('load_from', cfg.get('load_from'))]
    if not cfg.get('load_from') and not cfg.get('resume'):
        named += list(_init_checkpoints(cfg.get('model') or {}))
    return [
        f"{key}: no file '{path}'"
        for key, path in named
        if path and _is_local(path) and not osp.isfile(path)
    ]


def _init_checkpoints(
    node: Any, key: str = 'model'
) -> Iterator[tuple[str, str]]:
    """Key path and file of every ``init_cfg`` that loads a checkpoint."""
    if isinstance(node, Mapping):
        if node.get('type') == 'Pretrained':
            yield f'{key}.checkpoint', node.get('checkpoint', '')
        for name, value in node.items():
            yield from _init_checkpoints(value, f'{key}.{name}')
    elif isinstance(node, (list, tuple)):
        for index, value in enumerate(node):
            yield from _init_checkpoints(value, f'{key}.{index}')


def _is_local(path: str) -> bool:
    """Whether a path names a file of this machine (no URL, no scheme)."""
    return '://' not in path
