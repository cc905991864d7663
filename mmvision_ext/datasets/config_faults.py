"""What the datasets share that compare a training and a test config."""

import os.path as osp
from collections.abc import Mapping
from inspect import signature
from typing import Any


def class_faults(
    train: Mapping[str, Any], other: Mapping[str, Any]
) -> list[str]:
    """Compare the classes of two metainfos.

    Args:
        train: Metainfo of a training set, with ``classes``.
        other: That of validation or test data.

    Returns:
        At most one sentence.
    """
    if tuple(train['classes']) == tuple(other['classes']):
        return []
    return [
        'metainfo.classes differ, so that equal labels mean other classes: '
        'set both to the same names in the same order'
    ]


def with_defaults(config: Mapping[str, Any], *kinds: type) -> dict[str, Any]:
    """Arguments of a config, with the defaults of those left out.

    Args:
        config: Arguments of a dataset.
        kinds: The dataset's class; before it a base class that takes some of
            the arguments.

    Returns:
        The arguments by name.
    """
    known = [
        item for kind in kinds for item in signature(kind).parameters.values()
    ]
    return {item.name: item.default for item in known} | {**config}


def file_of(config: Mapping[str, Any], key: str) -> str:
    """Where a file of a dataset is.

    Args:
        config: Complete arguments of the dataset, with ``data_root``.
        key: Argument that names the file, relative to ``data_root``.

    Returns:
        Its path, without links.
    """
    root = osp.expanduser(str(config['data_root']))
    return osp.realpath(osp.join(root, osp.expanduser(str(config[key]))))
