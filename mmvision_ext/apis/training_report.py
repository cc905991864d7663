"""A training in one page: what it was, how it went, where it ended."""

import json
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from mmengine.config import Config

from mmvision_ext.evaluation.chance import baseline_of, is_baseline
from mmvision_ext.utils.tables import markdown_table, number
from mmvision_ext.visualization.charts import Curve
from mmvision_ext.visualization.training_chart import (
    MetricCurve,
    plot_training,
)

from .training_facts import NOT_RECORDED, TrainingFacts, read_facts
from .training_history import History, Row, read_history

# What a training is judged by, where its config does not say.
HEADLINES = (
    'attributes/mAP',
    'accuracy/top1',
    'coco/bbox_mAP',
    'coco/segm_mAP',
)
# Names of metrics that are shown of every epoch.
MAIN = ('accuracy', 'mA', 'top1', 'top5', 'mean_class', 'bbox_mAP', 'segm_mAP')
MAX_METRICS = 3  # beside the headline
MAX_ROWS = 60  # epochs of the table; history.json has all


@dataclass(frozen=True)
class Headline:
    """The metric that a training is judged by.

    Attributes:
        key: Its name in the log.
        greater: Whether more is better.
        chosen: Whether the config keeps a checkpoint that is best by it.
    """

    key: str
    greater: bool
    chosen: bool

    def best(self, history: History) -> int:
        """The epoch with the best value, the first of equal ones.

        Args:
            history: Has at least one value of the metric.

        Returns:
            The epoch.
        """
        sign = 1 if self.greater else -1
        column = history.column(self.key)
        return max(column, key=lambda item: sign * item[1])[0]


def write_training_report(
    work_dir: str | Path, folder: str | Path | None = None
) -> list[Path]:
    """Write what the folders of a training tell of it.

    Args:
        work_dir: Work directory of a run, or one dated folder in it.
        folder: Where to; made where missing. None takes ``training_report``
            in the work directory.

    Returns:
        The files: ``training_report.md``; ``history.json``, with ``unit``
        (``'epoch'`` or ``'iteration'``), ``rows`` (one an epoch, see
        :class:`~mmvision_ext.apis.training_history.History`) and
        ``not_finite``; ``curves.png``.

    Raises:
        InputError: There is no log or no config, or one is damaged.
    """
    folder = Path(folder or Path(work_dir) / 'training_report')
    history, facts = read_history(work_dir), read_facts(work_dir)
    headline = find_headline(facts.config, history)
    folder.mkdir(parents=True, exist_ok=True)
    text, record = folder / 'training_report.md', folder / 'history.json'
    content = dict(
        unit=history.unit, rows=history.rows, not_finite=history.not_finite
    )
    record.write_text(json.dumps(content, indent=1) + '\n', 'utf-8')
    chart = _plot(history, headline, facts, folder / 'curves.png')
    text.write_text(
        _markdown(work_dir, history, facts, headline), encoding='utf-8'
    )
    return [text, record, chart]


def find_headline(config: Config, history: History) -> Headline | None:
    """Find the metric that a training is judged by.

    Args:
        config: Its config.
        history: What it measured.

    Returns:
        The metric by which the config keeps the best checkpoint; without
        that, the best known of those measured; None without validation.
    """
    hook = (config.get('default_hooks') or {}).get('checkpoint') or {}
    wanted = hook.get('save_best')
    if isinstance(wanted, (list, tuple)):
        wanted = wanted[0] if wanted else None
    measured = list(history.log.val)
    chosen = wanted in measured or (wanted == 'auto' and bool(measured))
    if chosen:
        key = measured[0] if wanted == 'auto' else wanted
    else:
        known = [key for key in HEADLINES if key in measured]
        key = next(iter(known or measured), None)
    if key is None:
        return None
    rule = hook.get('rule') if chosen else None
    greater = 'loss' not in key if rule is None else rule == 'greater'
    return Headline(key, greater, chosen)


def _plot(
    history: History,
    headline: Headline | None,
    facts: TrainingFacts,
    path: Path,
) -> Path:
    """Loss, headline metric with what chance gives, and learning rate."""
    train = history.log.train
    losses = [key for key in train if key == 'loss'] + sorted(
        key for key in train if key.startswith('loss_')
    )
    rates = [key for key in train if key.startswith('lr/')] or [
        key for key in train if key == 'lr' or key.endswith('/lr')
    ]
    metric = None
    if headline is not None:
        metric = _metric_curve(history, headline, facts.num_classes())
    return plot_training(
        {key: train[key] for key in losses},
        metric,
        {key: train[key] for key in rates},
        path,
        f'Training: {history.log.name}',
    )


def _metric_curve(
    history: History, headline: Headline, classes: int | None
) -> MetricCurve:
    """The headline metric with what to compare it with."""
    found = [
        (number, baseline_of(headline.key, history.row(number), classes))
        for number, _ in history.column(headline.key)
    ]
    known = [(x, baseline) for x, baseline in found if baseline]
    return MetricCurve(
        headline.key,
        history.unit,
        history.log.val[headline.key],
        Curve([x for x, _ in known], [y.value for _, y in known])
        if known
        else None,
        known[0][1].kind if known else '',
        headline.best(history),
    )


def _markdown(
    work_dir: str | Path,
    history: History,
    facts: TrainingFacts,
    headline: Headline | None,
) -> str:
    """The whole report."""
    lines = [
        f'# Training: {history.log.name}',
        '',
        *(
            f'- {key}: {value}'
            for key, value in _facts(Path(work_dir), history, facts)
        ),
        '',
        f'## Best and last {history.unit}',
        '',
        _best_and_last(Path(work_dir), history, facts, headline),
        '',
        '![curves](curves.png)',
        '',
        f'## Every {history.unit}',
        '',
        _course(history, facts, headline),
    ]
    return '\n'.join(lines) + '\n'


def _config_name(work_dir: Path, facts: TrainingFacts) -> str:
    """The recorded config files, else the copies that mmengine made."""
    name = facts.distinct('config')
    if name != NOT_RECORDED:
        return name
    copies = sorted(path.name for path in work_dir.glob('*.py'))
    return ', '.join(copies) or NOT_RECORDED


def _facts(
    work_dir: Path, history: History, facts: TrainingFacts
) -> list[tuple[str, str]]:
    """What was trained, with what, on what."""
    last = int(history.rows[-1][history.unit])
    start = facts.starts[-1] if facts.starts else None
    cycle = facts.config.get('train_cfg') or {}
    planned = cycle.get(
        'max_epochs' if history.unit == 'epoch' else 'max_iters'
    )
    length = f'{last} of {planned}' if planned else str(last)
    if facts.patience is not None:
        length += (
            f'; stopped early: {facts.patience} evaluations without a better '
            'one'
        )
    seed = facts.distinct('seed')
    if start is None:  # the config's, which a command line may have changed
        seed = str((facts.config.get('randomness') or {}).get('seed'))
    count = facts.params()
    params = NOT_RECORDED if count is None else f'{count:,}'
    if start is not None:
        params += f', of which {start.trainable_params:,} trained at the start'
    took = NOT_RECORDED
    if facts.seconds is not None:
        took = str(timedelta(seconds=round(facts.seconds)))
    rows = [
        ('config', _config_name(work_dir, facts)),
        ('commit', facts.distinct('commit')),
        ('seed', seed),
        (f'{history.unit}s', length),
        ('starts', str(facts.num_starts)),
        ('time (h:mm:ss)', took),
        ('hardware', facts.distinct('hardware')),
        ('processes', facts.distinct('processes')),
        ('batch size', facts.distinct('batch_size')),
        ('parameters', params),
        ('training samples', facts.distinct('train_samples')),
        ('training data', facts.distinct('train_protocol')),
        ('validation samples', facts.distinct('val_samples')),
        (
            'validation data',
            facts.protocol or facts.distinct('val_protocol'),
        ),
    ]
    missing = [key for key, value in rows if value == NOT_RECORDED]
    rows = [(key, value) for key, value in rows if value != NOT_RECORDED]
    if missing:
        rows.append((NOT_RECORDED, ', '.join(missing)))
    if history.not_finite:
        broken = ', '.join(
            f'{count} of {key}' for key, count in history.not_finite.items()
        )
        rows.append(('values that are nan or infinite, left out', broken))
    return rows


def _best_and_last(
    work_dir: Path,
    history: History,
    facts: TrainingFacts,
    headline: Headline | None,
) -> str:
    """Every metric at both epochs, beside what chance gives."""
    if headline is None:
        return 'The log has no validation.'
    unit, classes = history.unit, facts.num_classes()
    best = headline.best(history)
    last, _ = history.column(headline.key)[-1]
    rows = [history.row(best), history.row(last)]
    keys = [
        key
        for key in history.log.val
        if not is_baseline(key) and key in rows[0]
    ]
    table = markdown_table(
        ['metric', f'best ({unit} {best})', f'last ({unit} {last})', 'beside'],
        [
            [
                f'**{key}**' if key == headline.key else key,
                *(number(row.get(key), '.4g') for row in rows),
                _beside(key, rows[0], classes),
            ]
            for key in keys
        ],
    )
    saved = ', '.join(f'`{path.name}`' for path in work_dir.glob('best_*.pth'))
    if headline.chosen:
        choice = (
            f'Best is by {headline.key}, by which the config keeps a '
            f'checkpoint ({saved or "none is left in the work directory"}).'
        )
    else:
        choice = (
            f'Best is by {headline.key}. The config keeps no best checkpoint: '
            'the last one is its result. Choosing by these data and reporting '
            'on the same ones would flatter.'
        )
    return f'{choice}\n\n{table}'


def _beside(key: str, row: Row, classes: int | None) -> str:
    """What a metric is compared with, as text."""
    found = baseline_of(key, row, classes)
    return '–' if found is None else f'{found.value:.4g} ({found.kind})'


def _course(
    history: History, facts: TrainingFacts, headline: Headline | None
) -> str:
    """Loss, learning rate and the main metrics, a row an epoch."""
    columns: list[tuple[str, str]] = [  # quantity, kind of baseline or none
        (key, '') for key in ('loss', 'lr') if key in history.log.train
    ]
    for key in _main_metrics(history, headline):
        columns.append((key, ''))
        row = history.row(history.column(key)[0][0])
        if found := baseline_of(key, row, facts.num_classes()):
            columns.append((key, found.kind))
    step = -(-len(history.rows) // MAX_ROWS)
    shown = list(history.rows[::step])
    if shown[-1] is not history.rows[-1]:
        shown.append(history.rows[-1])
    table = markdown_table(
        [history.unit, *(kind or key for key, kind in columns)],
        [
            [
                str(int(row[history.unit])),
                *(
                    number(_cell(row, *column, facts.num_classes()), '.4g')
                    for column in columns
                ),
            ]
            for row in shown
        ],
    )
    part = f'Every {step} rows and the last one. ' if step > 1 else ''
    return (
        f'{part}Losses are means of what was logged; `history.json` has all '
        f'quantities.\n\n{table}'
    )


def _main_metrics(history: History, headline: Headline | None) -> list[str]:
    """The headline metric, then a few that are read beside it."""
    if headline is None:
        return []
    others = [
        key
        for name in MAIN
        for key in history.log.val
        if key.rpartition('/')[2] == name and key != headline.key
    ]
    return [headline.key, *others[:MAX_METRICS]]


def _cell(row: Row, key: str, kind: str, classes: int | None) -> float | None:
    """A quantity of an epoch, or its baseline."""
    if not kind or key not in row:
        return row.get(key)
    found = baseline_of(key, row, classes)
    return None if found is None else found.value
