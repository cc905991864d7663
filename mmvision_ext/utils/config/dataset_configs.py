"""What a dataset's config says without building it."""

import inspect
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mmengine.config import Config
from mmengine.registry import DATASETS

from mmvision_ext.utils.errors import InputError
from mmvision_ext.utils.type_name import type_name

from .type_lookup import find_type

#: Datasets that name more classes than their files hold: which of them are
#: labels is known only after a file was read.
_CLASSES_BY_FILE = 'MOTChallengeDataset'


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


def pipeline_of_test(config: Config) -> list[dict[str, Any]]:
    """The steps of a config's test pipeline.

    Args:
        config: A config of any task, whose test dataset may be wrapped; of
            several joined datasets the first counts.

    Returns:
        The steps, at least one.

    Raises:
        InputError: There are none.
    """
    loader = config.get('test_dataloader') or {}
    dataset = loader.get('dataset') or {}
    while dataset and not dataset.get('pipeline'):
        joined = dataset.get('datasets') or [{}]
        dataset = dataset.get('dataset') or joined[0]
    if not dataset:
        raise InputError(
            f'{config.filename or "config"}: test_dataloader.dataset.pipeline:'
            ' expected steps, which say how images are prepared, found none.'
        )
    return [dict(step) for step in dataset['pipeline']]


def loads_from_files(config: Config) -> bool:
    """Whether the test pipeline begins with reading a file.

    Args:
        config: A config of any task.

    Returns:
        False for datasets that hold their pixels in memory.

    Raises:
        InputError: The config has no test pipeline.
    """
    first = pipeline_of_test(config)[0]
    return type_name(first.get('type')).startswith('Load')


def dataset_classes(
    dataset: Mapping[str, Any], scope: str | None
) -> Sequence[str] | None:
    """Class names that a dataset config is going to have.

    Args:
        dataset: Config of one dataset.
        scope: The config's ``default_scope``.

    Returns:
        The names, or None where they are known only after a file was read.
    """
    classes = known_metainfo(dataset, scope).get('classes')
    return None if isinstance(classes, str) else classes


def known_metainfo(
    dataset: Mapping[str, Any], scope: str | None
) -> dict[str, Any]:
    """Metainfo of a dataset as far as it is known before a file is read.

    Args:
        dataset: Config of one dataset.
        scope: The config's ``default_scope``.

    Returns:
        What the dataset's type says of the config in ``config_metainfo``;
        without that, the metainfo of the type, overridden by the config's. A
        string in it is the name of a file with one entry a line.
    """
    kind = find_type(dataset.get('type'), DATASETS, scope)
    if hasattr(kind, 'config_metainfo'):
        return kind.config_metainfo(dataset)
    names = [base.__name__ for base in getattr(kind, '__mro__', ())]
    metainfo = (
        {}
        if _CLASSES_BY_FILE in names
        else dict(getattr(kind, 'METAINFO', {}))
    )
    if isinstance(dataset.get('metainfo'), Mapping):
        metainfo.update(dataset['metainfo'])
    if dataset.get('classes') is not None:  # mmpretrain's spelling
        metainfo['classes'] = dataset['classes']
    return metainfo


def split_faults(
    train: Mapping[str, Any], other: Mapping[str, Any], scope: str | None
) -> list[str]:
    """Find test data that do not fit the training data of the same type.

    Args:
        train: Config of a training dataset.
        other: Config of a validation or test dataset.
        scope: The config's ``default_scope``.

    Returns:
        What the dataset's type says of the two in ``config_faults``; nothing
        without that, or for datasets of two types.
    """
    kind = find_type(other.get('type'), DATASETS, scope)
    if not hasattr(kind, 'config_faults'):
        return []
    if find_type(train.get('type'), DATASETS, scope) is not kind:
        return []
    return kind.config_faults(train, other)


def downloads_itself(dataset: Mapping[str, Any], scope: str | None) -> bool:
    """Whether a dataset fetches its files where they are missing.

    Args:
        dataset: Config of one dataset.
        scope: The config's ``default_scope``.

    Returns:
        The config's ``download``, or what it is by default.
    """
    if 'download' in dataset:
        return bool(dataset['download'])
    kind = find_type(dataset.get('type'), DATASETS, scope)
    for base in getattr(kind, '__mro__', ()):
        asked = inspect.signature(base.__init__).parameters.get('download')
        if asked is not None:
            return asked.default is True
    return False
