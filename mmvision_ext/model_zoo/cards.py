"""Model cards and the table of all models, in Markdown."""

from collections.abc import Iterable, Mapping, Sequence

from mmvision_ext.utils.tables import markdown_table, number

from .costs import Cost
from .facts import Facts, Model, ModelCollection
from .results import Measure, Measured

MADE = (
    '<!-- Made by tools/misc/model_zoo.py of configs/model_zoo.yml,\n'
    'configs/model_costs.csv and projects/*/results; change those. -->\n\n'
)
Costs = Mapping[str, Cost]
Results = Mapping[str, Sequence[Measured]]


def card_text(
    collection: ModelCollection, costs: Costs, results: Results
) -> str:
    """The model card of a folder, docs/models/FOLDER.md.

    Args:
        collection: The folder.
        costs: Name of a config to its cost.
        results: Path of a config to what was measured of it.

    Returns:
        Markdown.
    """
    paper = f'[{collection.paper["title"]}]({collection.paper["url"]})'
    example = _example(collection.models, results)
    folder = f'../../configs/{collection.folder}'
    parts = [
        f'# {collection.name}',
        f'> {paper}',
        collection.about,
        f'Data: {", ".join(collection.training_data)}; layouts in '
        f'[datasets](../datasets.md). Recipes: [{collection.folder}]'
        f'({folder}/README.md).',
        '## Intended use',
        collection.use,
        '## Limits',
        _list(collection.limits),
        '## Results',
        _results(collection, results),
        '## Models',
        '**No weights are published**: train a config as below. '
        'Multiply-adds are what papers call FLOPs, of one image of the size '
        'beside them; – was not counted.',
        _models(collection.models, costs, results),
        '## Licences',
        _list(collection.licences),
        '## Commands',
        f'```bash\npython tools/train.py {example}\n'
        f'python tools/test.py {example} CHECKPOINT\n```\n\n'
        'Predictions for pictures of your own: '
        '[use a trained model](../inference.md).',
    ]
    return MADE + '\n\n'.join(parts) + '\n'


def zoo_text(facts: Facts, costs: Costs, results: Results) -> str:
    """The table of all models, docs/model_zoo.md.

    Args:
        facts: The collections.
        costs: Name of a config to its cost.
        results: Path of a config to what was measured of it.

    Returns:
        Markdown.
    """
    models = [model for item in facts.collections for model in item.models]
    measured = sum(model.config in results for model in models)
    parts = [
        '# Model zoo',
        f'{len(models)} configs, {measured} of them measured here, '
        '**all on cuts of the data and mostly with short schedules: none of '
        'these numbers compares with a published one**. Conditions, chance '
        'and deviations are in the model cards; every run with its command, '
        'commit and hardware in the result files named there. No weights are '
        'published. '
        'The same for programs: [model-index.yml](../model-index.yml).',
    ]
    for item in facts.collections:
        parts += [
            f'## {item.name}',
            f'[Model card](models/{item.folder}.md), '
            f'[recipes](../configs/{item.folder}/README.md)',
            markdown_table(
                ['config', 'parameters (M)', 'multiply-adds (G)', 'result'],
                [
                    [
                        f'[{model.name}](../{model.config})',
                        _millions(costs[model.name].params),
                        _billions(costs[model.name].multiply_adds),
                        _headline(results.get(model.config, ())),
                    ]
                    for model in item.models
                ],
            ),
        ]
    return MADE + '\n\n'.join(parts) + '\n'


def _example(models: Sequence[Model], results: Results) -> str:
    """Config of the commands: one that was measured, where there is one."""
    trained = [model.config for model in models if model.batch_and_epochs]
    return next((name for name in trained if name in results), trained[0])


def _models(models: Iterable[Model], costs: Costs, results: Results) -> str:
    rows = []
    for model in models:
        cost = costs[model.name]
        batch, epochs = model.batch_and_epochs or (None, None)
        rows.append(
            [
                f'[{model.name}](../../{model.config})',
                model.architecture,
                _millions(cost.params),
                _billions(cost.multiply_adds),
                cost.input_size or '–',
                number(batch, 'd'),
                number(epochs, 'd'),
                'yes' if model.config in results else 'no',
            ]
        )
    header = ['config', 'architecture', 'parameters (M)', 'multiply-adds (G)']
    return markdown_table(
        [*header, 'input', 'batch', 'epochs', 'measured'], rows
    )


def _results(collection: ModelCollection, results: Results) -> str:
    """A table for each set of data that was measured on."""
    tables: dict[tuple[str, ...], list[list[str]]] = {}
    sources: dict[tuple[str, ...], set[str]] = {}
    for model in collection.models:
        for item in results.get(model.config, ()):
            names = [
                name
                for measures in item.measures.values()
                for name in measures
            ]
            key = (item.data, *names)
            sources.setdefault(key, set()).add(item.source)
            tables.setdefault(key, []).append(_row(model, item))
    if not tables:
        return 'Nothing was measured yet.'
    parts = [
        'Percent, mean ± sample standard deviation over seeds; "chance" is '
        'what guessing reaches. One seed tells no small difference for '
        'certain.'
    ]
    for key, rows in tables.items():
        links = ', '.join(
            f'[{name}](../../{name})' for name in sorted(sources[key])
        )
        chance = _chance_row(collection, results, key)
        header = ['config', 'as', 'epochs', 'seeds', *key[1:]]
        parts += [
            f'**{key[0]}.** Every run: {links}',
            markdown_table(header, [*rows, *chance]),
        ]
    return '\n\n'.join(parts)


def _row(model: Model, item: Measured) -> list[str]:
    measures = [m for found in item.measures.values() for m in found.values()]
    return [
        f'[{model.name}](../../{model.config})',
        item.label,
        number(item.epochs, 'd'),
        str(len(item.seeds)),
        *map(_value, measures),
    ]


def _chance_row(
    collection: ModelCollection, results: Results, key: tuple[str, ...]
) -> list[list[str]]:
    """The level of chance, where the first of a table's rows knows it."""
    for model in collection.models:
        for item in results.get(model.config, ()):
            found = {
                name: measure
                for measures in item.measures.values()
                for name, measure in measures.items()
            }
            if (item.data, *found) == key:
                levels = [measure.chance for measure in found.values()]
                if all(level is None for level in levels):
                    return []
                cells = ['' if x is None else f'{x:.1f}' for x in levels]
                return [['chance', '', '', '', *cells]]
    return []


def _headline(items: Sequence[Measured]) -> str:
    """First measure of the longest training, with its conditions."""
    if not items:
        return 'not measured'
    item = items[0]
    measures = next(iter(item.measures.values()))
    name, measure = next(iter(measures.items()))
    text = f'{name} {_value(measure)}'
    if measure.chance is not None:
        text += f' (chance {measure.chance:.1f})'
    if item.epochs:
        text += f', {item.epochs} epochs'
    return text + f', {item.data.partition(":")[0]}'


def _value(measure: Measure) -> str:
    if measure.sd is None:
        return f'{measure.mean:.1f}'
    return f'{measure.mean:.1f} ± {measure.sd:.1f}'


def _millions(value: int | None) -> str:
    return number(None if value is None else value / 1e6, '.2f')


def _billions(value: int | None) -> str:
    return number(None if value is None else value / 1e9, '.2f')


def _list(items: Iterable[str]) -> str:
    return '\n'.join(f'- {item}' for item in items)
