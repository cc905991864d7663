"""The model index in OpenMMLab's layout: metafile.yml and model-index.yml."""

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from .costs import Cost
from .facts import Facts, Model, ModelCollection
from .results import Measured

MADE = (
    '# Made by tools/misc/model_zoo.py of configs/model_zoo.yml,\n'
    '# configs/model_costs.csv and projects/*/results; change those.\n'
)
DIGITS = 2  # of percentages


def index_text(facts: Facts) -> str:
    """Content of model-index.yml.

    Args:
        facts: The collections.

    Returns:
        YAML that imports every metafile.
    """
    files = [
        f'configs/{item.folder}/metafile.yml' for item in facts.collections
    ]
    return MADE + _yaml({'Import': files})


def metafile_text(
    collection: ModelCollection,
    costs: Mapping[str, Cost],
    results: Mapping[str, Sequence[Measured]],
) -> str:
    """Content of a folder's metafile.yml.

    Models have no ``Weights``: none are published. Percentages are rounded to
    two digits. ``Conditions``, beside OpenMMLab's keys, says how a result came
    about.

    Args:
        collection: The folder.
        costs: Name of a config to its cost.
        results: Path of a config to what was measured of it.

    Returns:
        YAML with ``Collections`` and ``Models``.
    """
    head = {
        'Name': collection.name,
        'Metadata': {
            'Training Data': _one(collection.training_data),
            'Architecture': sorted(
                {model.architecture for model in collection.models}
            ),
        },
        'Paper': {
            'URL': collection.paper['url'],
            'Title': collection.paper['title'],
        },
        'README': f'configs/{collection.folder}/README.md',
    }
    models = [
        _model(model, collection, costs[model.name], results)
        for model in collection.models
    ]
    return MADE + _yaml({'Collections': [head], 'Models': models})


def _model(
    model: Model,
    collection: ModelCollection,
    cost: Cost,
    results: Mapping[str, Sequence[Measured]],
) -> dict[str, Any]:
    entry: dict[str, Any] = {
        'Name': model.name,
        'In Collection': collection.name,
        'Config': model.config,
    }
    if model.paper:
        entry['Paper'] = model.paper
    entry['Metadata'] = _metadata(model, collection, cost)
    found = [
        {
            'Task': task,
            'Dataset': item.data,
            'Metrics': _metrics(measures),
            'Conditions': _conditions(item),
        }
        for item in results.get(model.config, ())
        for task, measures in item.measures.items()
    ]
    if found:
        entry['Results'] = found
    return entry


def _metadata(
    model: Model, collection: ModelCollection, cost: Cost
) -> dict[str, Any]:
    data = model.training_data or _one(collection.training_data)
    found: dict[str, Any] = {
        'Architecture': model.architecture,
        'Training Data': data,
    }
    if model.mode:
        found['Training Mode'] = model.mode
    if model.variant:
        found['Variant'] = model.variant
    if model.batch_and_epochs:
        found['Batch Size'], found['Epochs'] = model.batch_and_epochs
    for key, value in (
        ('Parameters', cost.params),
        ('Trainable Parameters', cost.trainable),
        ('FLOPs', cost.multiply_adds),
        ('Input Size', _size(cost.input_size)),
    ):
        if value:
            found[key] = value
    return found


def _metrics(measures: Mapping[str, Any]) -> dict[str, float]:
    found = {}
    for name, measure in measures.items():
        found[name] = round(measure.mean, DIGITS)
        if measure.sd is not None:
            found[f'{name}, standard deviation'] = round(measure.sd, DIGITS)
        if measure.chance is not None:
            found[f'{name}, chance'] = round(measure.chance, DIGITS)
    return found


def _conditions(item: Measured) -> dict[str, Any]:
    found: dict[str, Any] = {'Seeds': len(item.seeds)}
    for key, value in (
        ('Epochs', item.epochs),
        ('Label', item.label),
        ('Settings', item.overrides),
        ('Source', item.source),
    ):
        if value:
            found[key] = value
    return found


def _size(text: str) -> int | str:
    """The edge of a square image, as other metafiles have it."""
    height, _, width = text.partition('x')
    return int(height) if height and height == width else text


def _one(names: Sequence[str]) -> str | list[str]:
    return names[0] if len(names) == 1 else list(names)


def _yaml(content: Any) -> str:
    return yaml.safe_dump(
        content, sort_keys=False, allow_unicode=True, width=10**6
    )
