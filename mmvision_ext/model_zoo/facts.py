"""What is known of the models by hand: configs/model_zoo.yml."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mmvision_ext.studies.yaml_file import check_keys, check_type, read_yaml
from mmvision_ext.utils import InputError
from mmvision_ext.utils.nearest import nearest

FACTS = 'configs/model_zoo.yml'
_NAME = re.compile(r'_(\d+)xb(\d+)-(\d+)e_')
_TEXTS = ('name', 'about', 'use')
_LISTS = ('training_data', 'limits', 'licences')


@dataclass(frozen=True)
class Model:
    """A config and what it does not say itself.

    Attributes:
        name: Name of the config file, without its ending.
        config: Its path in the repository.
        architecture: The network, in words.
        training_data: Name of the data; None where it is the collection's.
        mode: How it is trained, such as ``'finetune'``; None where the
            collection has one way.
        variant: What sets it apart from its neighbours; None where nothing
            does.
        paper: Address of its own paper; None where it is the collection's.
    """

    name: str
    config: str
    architecture: str
    training_data: str | None = None
    mode: str | None = None
    variant: str | None = None
    paper: str | None = None

    @property
    def batch_and_epochs(self) -> tuple[int, int] | None:
        """Images a step on all devices, and epochs; None without training."""
        found = _NAME.search(self.name)
        if found is None:
            return None
        devices, batch, epochs = map(int, found.groups())
        return devices * batch, epochs


@dataclass(frozen=True)
class ModelCollection:
    """The configs of one folder.

    Attributes:
        folder: Name of the folder under ``configs``.
        name: Name in the index.
        paper: Its title and address, keys ``title`` and ``url``.
        training_data: Names of the data.
        about: What the models are.
        use: What they are meant for.
        limits: What they cannot do or was not shown.
        licences: Of data and starting weights.
        models: Every config of the folder, by name.
    """

    folder: str
    name: str
    paper: Mapping[str, str]
    training_data: tuple[str, ...]
    about: str
    use: str
    limits: tuple[str, ...]
    licences: tuple[str, ...]
    models: tuple[Model, ...]


@dataclass(frozen=True)
class Source:
    """A result file that is no study's ``runs.csv``.

    Attributes:
        labels: Columns that tell its rows of one config apart.
        data: What the numbers were measured on; None takes column ``data``.
    """

    labels: tuple[str, ...] = ()
    data: str | None = None


@dataclass(frozen=True)
class Facts:
    """Content of configs/model_zoo.yml.

    Attributes:
        collections: The collections, in the order of the file.
        metrics: Task, as OpenMMLab's metafiles call it, to column of a result
            file to name of the measure.
        fractions: Tasks whose columns are shares of 1; others are percent.
        sources: Path in the repository to a result file.
    """

    collections: tuple[ModelCollection, ...]
    metrics: Mapping[str, Mapping[str, str]]
    fractions: tuple[str, ...] = ()
    sources: Mapping[str, Source] = field(default_factory=dict)


def read_facts(root: Path) -> Facts:
    """Read the facts, and see that they know every config.

    Args:
        root: The repository.

    Returns:
        The facts.

    Raises:
        InputError: The file cannot be read, a key is unknown or missing, or
            it has other configs than the folders.
    """
    path = root / FACTS
    content = read_yaml(path)
    optional = ('fractions', 'sources')
    check_keys(content, ('metrics', 'collections'), optional, FACTS)
    metrics = check_type(content['metrics'], dict, 'tasks', FACTS)
    collections = check_type(content['collections'], dict, 'folders', FACTS)
    fractions = _names(content, 'fractions', FACTS)
    for task in fractions:
        if task not in metrics:
            raise InputError(
                f'{FACTS}: fractions: no task {task!r} in metrics'
                f'{nearest(task, metrics)}'
            )
    return Facts(
        tuple(
            _collection(root, folder, item)
            for folder, item in collections.items()
        ),
        metrics,
        fractions,
        {
            name: _source(item or {}, f'{FACTS}: sources.{name}')
            for name, item in (content.get('sources') or {}).items()
        },
    )


def _collection(root: Path, folder: str, item: Any) -> ModelCollection:
    place = f'{FACTS}: collections.{folder}'
    check_keys(item, (*_TEXTS, *_LISTS, 'paper', 'models'), (), place)
    check_keys(item['paper'], ('title', 'url'), (), f'{place}.paper')
    for key in _TEXTS:
        check_type(item[key], str, 'a text', f'{place}.{key}')
    for key in _LISTS:
        check_type(item[key], list, 'a list', f'{place}.{key}')
    models = check_type(item['models'], dict, 'configs', f'{place}.models')
    _check_names(root, folder, models, place)
    return ModelCollection(
        folder=folder,
        name=item['name'],
        paper=item['paper'],
        training_data=tuple(item['training_data']),
        about=item['about'].strip(),
        use=item['use'].strip(),
        limits=tuple(item['limits']),
        licences=tuple(item['licences']),
        models=tuple(
            _model(folder, name, model, f'{place}.models.{name}')
            for name, model in sorted(models.items())
        ),
    )


def _check_names(
    root: Path, folder: str, models: Mapping[str, Any], place: str
) -> None:
    """Refuse a folder whose configs are others than the models."""
    configs = {path.stem for path in (root / 'configs' / folder).glob('*.py')}
    for name in sorted(configs - set(models)):
        raise InputError(
            f'{place}.models: expected every config of configs/{folder}, '
            f'found none named {name}. Add it.'
        )
    for name in models:
        if name not in configs:
            raise InputError(
                f'{place}.models: there is no config configs/{folder}/'
                f'{name}.py{nearest(name, sorted(configs))}'
            )


def _model(folder: str, name: str, item: Any, place: str) -> Model:
    optional = ('training_data', 'mode', 'variant', 'paper')
    check_keys(item, ('architecture',), optional, place)
    for key, value in item.items():
        check_type(value, str, 'a text', f'{place}.{key}')
    return Model(name, f'configs/{folder}/{name}.py', **item)


def _source(item: Any, place: str) -> Source:
    check_keys(item, (), ('labels', 'data'), place)
    return Source(_names(item, 'labels', place), item.get('data'))


def _names(item: Mapping[str, Any], key: str, place: str) -> tuple[str, ...]:
    """A list that may be empty or missing."""
    found = item.get(key) or []
    if found:
        check_type(found, list, 'a list', f'{place}: {key}')
    return tuple(found)
