"""Files that a config names and that do not exist."""

import os.path as osp
from collections.abc import Iterator, Mapping
from typing import Any

from mmengine.model import PretrainedInit

from .walk import iter_metrics

_DATA_HINT = (
    'link the data there (ln -s /path/to/data data), or name '
    'another place with MMVISION_DATA_ROOT or --cfg-options '
    '{key}=...'
)


def missing_data(key: str, dataset: Mapping[str, Any]) -> list[str]:
    """Check ``data_root``, ``ann_file`` and ``data_prefix`` of a dataset.

    Args:
        key: Place of the dataset in the config.
        dataset: Config of one dataset.

    Returns:
        One sentence a fault; none where a backend other than the local disk
        reads the files.
    """
    backend = (dataset.get('backend_args') or {}).get('backend', 'local')
    if backend != 'local':
        return []
    root = str(dataset.get('data_root') or '')
    if root and is_lost(root):
        hint = _DATA_HINT.format(key=f'{key}.data_root')
        return [f"{key}.data_root: no folder '{root}'; {hint}"]
    faults = []
    ann_file = dataset.get('ann_file')
    if isinstance(ann_file, (list, tuple)):
        faults.append(
            f'{key}.ann_file: expected one file, found a list of '
            f"{len(ann_file)}: join datasets by type='ConcatDataset', "
            'datasets=[...], each with its own ann_file'
        )
    elif ann_file and is_lost(path := osp.join(root, ann_file)):
        faults.append(f"{key}.ann_file: no file '{path}'")
    return faults + _missing_folders(key, dataset.get('data_prefix'), root)


def missing_checkpoints(cfg: Mapping[str, Any], training: bool) -> list[str]:
    """Check ``load_from`` and, before a training, pretrained parts.

    mmengine reads the pretrained parts at the start of every training, one
    that resumes or has a ``load_from`` included, and in no test.

    Args:
        cfg: The complete config of a runner.
        training: Whether the config is going to be trained.

    Returns:
        One sentence a file.
    """
    named = [('load_from', cfg.get('load_from'))]
    if training:
        named += list(_init_checkpoints(cfg.get('model') or {}))
    return [
        f"{key}: no file '{path}'"
        for key, path in named
        if path and is_lost(str(path))
    ]


def missing_annotations(evaluator: Any, mode: str) -> list[str]:
    """Check ``ann_file`` of metrics, which they read at the start.

    Args:
        evaluator: Config of an evaluator: a metric, a list of them, or a
            dict with ``metrics``.
        mode: ``'val'`` or ``'test'``.

    Returns:
        One sentence a file; none where a backend other than the local disk
        reads it.
    """
    return [
        f"{key}.ann_file: no file '{path}'"
        for key, metric in iter_metrics(evaluator, f'{mode}_evaluator')
        if (metric.get('backend_args') or {}).get('backend', 'local')
        == 'local'
        and isinstance(path := metric.get('ann_file'), str)
        and path
        and is_lost(path)
    ]


def is_lost(path: str) -> bool:
    """Whether a path leads nowhere.

    Args:
        path: A file or folder, or what a scheme (``https://``) leads to.

    Returns:
        False where it has a scheme: nothing is asked over the network.
    """
    return '://' not in path and not osp.exists(osp.expanduser(path))


def _missing_folders(key: str, prefix: Any, root: str) -> list[str]:
    """Folders of images in ``data_prefix`` that do not exist."""
    named = (
        (prefix or {}).items()
        if isinstance(prefix or {}, Mapping)
        else [('img_path', prefix)]
    )
    faults = []
    for name, folder in named:
        if not name.startswith('img') or not folder:
            continue
        if not isinstance(folder, str):
            faults.append(
                f'{key}.data_prefix.{name}: expected one folder, found '
                f'{folder}'
            )
        elif is_lost(path := osp.join(root, folder)):
            faults.append(f"{key}.data_prefix.{name}: no folder '{path}'")
    return faults


def _init_checkpoints(
    node: Any, key: str = 'model'
) -> Iterator[tuple[str, str]]:
    """Key path and file of every ``init_cfg`` that loads a checkpoint."""
    if isinstance(node, Mapping):
        if node.get('type') in ('Pretrained', PretrainedInit):
            yield f'{key}.checkpoint', node.get('checkpoint', '')
        for name, value in node.items():
            yield from _init_checkpoints(value, f'{key}.{name}')
    elif isinstance(node, (list, tuple)):
        for index, value in enumerate(node):
            yield from _init_checkpoints(value, f'{key}.{index}')
