"""What a dataset's config says without building it."""

import inspect
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mmengine.registry import DATASETS, DefaultScope

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
    kind = _dataset_type(dataset, scope)
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
    kind = _dataset_type(other, scope)
    if not hasattr(kind, 'config_faults'):
        return []
    if _dataset_type(train, scope) is not kind:
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
    for base in getattr(_dataset_type(dataset, scope), '__mro__', ()):
        asked = inspect.signature(base.__init__).parameters.get('download')
        if asked is not None:
            return asked.default is True
    return False


def _dataset_type(dataset: Mapping[str, Any], scope: str | None) -> Any:
    """The registered class or function of a dataset; None if unknown."""
    kind = dataset.get('type')
    if not isinstance(kind, str):
        return kind
    with DefaultScope.overwrite_default_scope(scope):
        with DATASETS.switch_scope_and_registry(scope) as registry:
            return registry.get(kind)
