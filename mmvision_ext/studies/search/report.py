"""Table and chart of the trials of a search."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mmvision_ext.utils import InputError
from mmvision_ext.utils.tables import markdown_table, save_csv
from mmvision_ext.visualization.charts import Curve, Panel, plot_curves

from .spec import Search

Trials = Sequence[tuple[int, Mapping[str, Any], float | None]]


def write_trials(
    search: Search, trials: Trials, folder: str | Path
) -> list[Path]:
    """Write what was tried, the best first.

    Args:
        search: The search.
        trials: Number, values and metric of each trial; None for a failed
            one.
        folder: Where the files go; made where missing.

    Returns:
        ``trials.csv``, ``trials.md`` and ``trials.png``.

    Raises:
        InputError: No trial has a value.
    """
    folder = Path(folder)
    sign = -1 if search.goal == 'maximize' else 1
    good = [trial for trial in trials if trial[2] is not None]
    if not good:
        raise InputError(
            f'{search.path}: none of {len(trials)} trials was trained to its '
            'end; study/attempt_*.log in their folders say why'
        )
    order = sorted(
        trials, key=lambda t: (t[2] is None, sign * (t[2] or 0.0), t[0])
    )
    names = list(search.space)
    rows = [
        [
            str(number),
            'failed' if value is None else f'{value:.6g}',
            *(_text(values.get(name)) for name in names),
        ]
        for number, values, value in order
    ]
    header = ['trial', search.metric, *names]
    table = save_csv(folder / 'trials.csv', header, rows)
    page = folder / 'trials.md'
    page.write_text(
        f'# {search.name}\n\n{markdown_table(header, rows)}\n\n'
        f'- Data: {search.data}.\n'
        f'- {search.metric} of the last evaluation, {search.goal}d; chosen by '
        'validation data, so no measure of how good the best one is.\n',
        'utf-8',
    )
    chart = plot_curves(
        _panels(search, good),
        folder / 'trials.png',
        f'{search.name}\n{search.data}',
    )
    return [table, page, chart]


def _panels(search: Search, good: Trials) -> list[Panel]:
    """The metric over the trials, and the best until then."""
    ordered = sorted(good, key=lambda trial: trial[0])
    numbers = [float(number) for number, _, _ in ordered]
    values = [value for _, _, value in ordered if value is not None]
    choose = max if search.goal == 'maximize' else min
    best = [choose(values[: end + 1]) for end in range(len(values))]
    curves = {
        'trial': Curve(numbers, values),
        'best until then': Curve(numbers, best),
    }
    return [Panel(search.metric, 'trial', curves)]


def _text(value: Any) -> str:
    return f'{value:.4g}' if isinstance(value, float) else str(value)
