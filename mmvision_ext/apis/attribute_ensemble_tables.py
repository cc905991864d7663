"""Tables of an ensemble of attribute models."""

from pathlib import Path

from mmvision_ext.evaluation.chance import is_baseline
from mmvision_ext.utils.tables import markdown_table, number, save_csv

from .attribute_ensemble import Ensemble, EnsembleRow

CHANCE = {'AUROC': 50.0, 'mA': 50.0}  # of the others the measures tell


def ensemble_table(ensemble: Ensemble) -> str:
    """The measures as a Markdown table.

    Args:
        ensemble: The measures.

    Returns:
        A row for each measure, a column for each member, the average, chance
        and the predictor that denies everything, and lines on what they are.
    """
    rows = ensemble.rows
    cells = []
    for key in rows[0].measures:
        if key.startswith('num_') or is_baseline(key):
            continue
        guessed = rows[0].measures.get(f'{key}_chance', CHANCE.get(key))
        denied = ensemble.all_negative.get(key)
        values = [row.measures[key] for row in rows]
        numbers = [*values, guessed, denied]
        cells.append([key, *(number(value, '.2f') for value in numbers)])
    header = ['measure (%)', *(row.name for row in rows)]
    first = rows[0].measures
    weights = ', '.join(f'{row.name} {row.weight:.3f}' for row in rows[:-1])
    return (
        markdown_table([*header, 'chance', 'all-negative'], cells)
        + f'\n\n{ensemble.samples} samples; protocol: '
        f'{ensemble.protocol or "not stated"}. '
        f'{first["num_with_positives"]:.0f} attributes have positives, '
        f'{first["num_known"]:.0f} entries are known. Weights: {weights}. '
        'The average is of probabilities.\n'
    )


def write_ensemble(ensemble: Ensemble, folder: str | Path) -> list[Path]:
    """Write ``ensemble.md`` and ``ensemble.csv``.

    Args:
        ensemble: The measures.
        folder: Where to; made where missing.

    Returns:
        The files. The CSV has a row for each member, the average and the
        predictor that denies everything (``all-negative``), and all digits.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    text, table = folder / 'ensemble.md', folder / 'ensemble.csv'
    text.write_text(ensemble_table(ensemble), encoding='utf-8')
    denying = EnsembleRow('all-negative', 0.0, ensemble.all_negative)
    keys = list(ensemble.rows[0].measures)
    save_csv(
        table,
        ['name', 'weight', 'config', 'checkpoint', *keys],
        (
            [row.name, row.weight, row.config, row.checkpoint]
            + [row.measures.get(key) for key in keys]
            for row in [*ensemble.rows, denying]
        ),
    )
    return [text, table]
