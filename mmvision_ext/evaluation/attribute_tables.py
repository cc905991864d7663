"""Tables of attribute measures, as CSV and Markdown."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mmvision_ext.utils.tables import markdown_table

from .functional.attribute_counts import AttributeCounts
from .functional.attribute_summary import AttributeSummary

SHOWN = 10  # attributes in the table of the best and in that of the worst


@dataclass(frozen=True)
class AttributeReport:
    """What is written about an evaluation.

    Attributes:
        names: The attributes, A of them.
        summary: Their measures.
        subsets: Name of a part of the attributes, such as ``tail`` or a
            group, to its indices.
        groups: Group of each attribute; empty where it has none.
        protocol: What the samples are; empty where that is not stated.
        samples: Number of samples.
    """

    names: Sequence[str]
    summary: AttributeSummary
    subsets: Mapping[str, NDArray[np.intp]]
    groups: Sequence[str]
    protocol: str
    samples: int

    def columns(self) -> dict[str, NDArray]:
        """Measures of every attribute.

        Returns:
            Name of the column to values, shape (A,), in [0, 1] but for
            ``positives`` and ``negatives``; ``AP_chance`` is the share of
            positives.
        """
        summary = self.summary
        columns = {
            'positives': summary.positives,
            'negatives': summary.negatives,
            'AP': summary.average_precision,
            'AP_chance': summary.priors,
            'AUROC': summary.auroc,
            f'recall@{summary.topk}': summary.in_top.recall,
            **_decisions(summary.at_half, ''),
        }
        if summary.calibrated is not None and summary.thresholds is not None:
            columns['threshold'] = summary.thresholds
            columns |= _decisions(summary.calibrated, '_calibrated')
        return columns

    def ranked(self) -> NDArray[np.intp]:
        """Attributes by average precision, best first.

        Returns:
            Indices of those that have it, shape (<= A,).
        """
        order = np.argsort(-self.summary.average_precision, kind='stable')
        return order[self.summary.positives[order] > 0]


def _decisions(counts: AttributeCounts, suffix: str) -> dict[str, NDArray]:
    return {
        f'precision{suffix}': counts.precision,
        f'recall{suffix}': counts.recall,
        f'F1{suffix}': counts.f1,
        f'mA{suffix}': counts.balanced_accuracy,
    }


def write_report(report: AttributeReport, folder: str | Path) -> list[Path]:
    """Write the tables of an evaluation.

    Args:
        report: What is written.
        folder: Where to; made where missing.

    Returns:
        The files: ``attributes.csv``, a row an attribute, with shares in
        [0, 1] and empty cells where a measure is not defined, and
        ``attributes.md`` with the measures over all, those of parts, the
        best and the worst attributes and every single one, in per cent.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    table, text = folder / 'attributes.csv', folder / 'attributes.md'
    columns = report.columns()
    with table.open('w', newline='', encoding='utf-8') as file:
        writer = csv.writer(file)
        writer.writerow(['attribute', 'group', *columns])
        for index, name in enumerate(report.names):
            cells = [_plain(column[index]) for column in columns.values()]
            writer.writerow([name, report.groups[index], *cells])
    text.write_text(_markdown(report), encoding='utf-8')
    return [table, text]


def _plain(value: float) -> float | int | str:
    """A cell of the CSV."""
    if isinstance(value, (int, np.integer)):
        return int(value)
    return '' if np.isnan(value) else round(float(value), 6)


def _markdown(report: AttributeReport) -> str:
    """The whole text."""
    overall = report.summary.overall()
    parts = [
        (name, len(indices), *report.summary.mean_ap(indices))
        for name, indices in report.subsets.items()
    ]
    ranked = report.ranked()
    sections = {
        'Over all attributes (%)': markdown_table(
            ['measure', 'value'],
            [[key, _percent(value)] for key, value in overall.items()],
        ),
        'Parts (%)': markdown_table(
            ['part', 'attributes', 'mAP', 'mAP_chance'],
            [
                [name, str(size), _percent(average), _percent(chance)]
                for name, size, average, chance in parts
            ],
        ),
        f'Best {SHOWN} by AP (%)': _rows(report, ranked[:SHOWN]),
        f'Worst {SHOWN} by AP (%)': _rows(report, ranked[::-1][:SHOWN]),
        'Every attribute (%)': _rows(report, np.arange(len(report.names))),
    }
    lacking = len(report.names) - len(ranked)
    lines = [
        '# Attributes',
        '',
        f'{report.samples} samples; protocol: '
        f'{report.protocol or "not stated"}. {len(ranked)} of '
        f'{len(report.names)} attributes have positives'
        + (
            f'; the other {lacking} count in no mean over attributes.'
            if lacking
            else '.'
        ),
    ]
    for title, table in sections.items():
        lines += ['', f'## {title}', '', table]
    return '\n'.join(lines) + '\n'


def _rows(report: AttributeReport, indices: NDArray[np.intp]) -> str:
    """A Markdown table of some attributes."""
    columns = report.columns()
    return markdown_table(
        ['attribute', 'group', *columns],
        [
            [
                report.names[index],
                report.groups[index] or '–',
                *(
                    str(column[index])
                    if column.dtype.kind == 'i'
                    else _percent(column[index])
                    for column in columns.values()
                ),
            ]
            for index in indices
        ],
    )


def _percent(share: float) -> str:
    """A share in [0, 1] in per cent."""
    return '–' if np.isnan(share) else f'{100 * share:.2f}'
