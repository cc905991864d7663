"""Shared base of the metrics for boxes and instance masks."""

import logging
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log
from terminaltables import AsciiTable

from mmvision_ext.utils import InputError

from ..functional import ImageRecord, Kind
from ..functional.records import KINDS, count_ground_truth
from .collector import image_record


def parse_kinds(metric: str | Sequence[str]) -> tuple[Kind, ...]:
    """Read the ``metric`` key of a config.

    Args:
        metric: 'bbox', 'segm' or a sequence of them.

    Returns:
        The kinds in the given order.

    Raises:
        InputError: If a name is unknown or none is given.
    """
    names = (metric,) if isinstance(metric, str) else tuple(metric)
    kinds = tuple(kind for name in names for kind in KINDS if kind == name)
    if not kinds or len(kinds) != len(names):
        raise InputError(
            f"metric must be 'bbox', 'segm' or a list of them, got {metric!r}."
        )
    return kinds


class Column(NamedTuple):
    """One column of the table, all values in [0, 1] or nan.

    Attributes:
        values: Result of each class, shape (C,).
        mean: Result over the classes, for the last row.
    """

    values: np.ndarray
    mean: float


class InstanceMetric(BaseMetric):
    """Collects one small record per image and reports one table.

    Ground truth is read from the data samples, so no annotation file is
    named: the test pipeline must load annotations. Ignored objects neither
    reward nor punish a detection.

    Args:
        metric: 'bbox', 'segm' or a list of them.
        collect_device: Where results of several processes meet, 'cpu' or
            'gpu'.
        prefix: Replaces the default prefix of the result keys.
    """

    def __init__(
        self,
        metric: str | Sequence[str] = ('bbox', 'segm'),
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.kinds = parse_kinds(metric)

    def process(
        self, data_batch: Any, data_samples: Sequence[dict[str, Any]]
    ) -> None:
        """Append the record of each image to ``self.results``.

        Args:
            data_batch: Not used.
            data_samples: Data samples with predictions, as dicts.
        """
        with_masks = 'segm' in self.kinds
        self.results.extend(
            image_record(sample, with_masks) for sample in data_samples
        )

    def compute_metrics(self, results: list[ImageRecord]) -> dict[str, float]:
        """Evaluate the records of all processes and log the table.

        Args:
            results: One record per image of the data set.

        Returns:
            Result of each key, without prefix; 0 where nothing was
            predicted, nan where there is nothing to be found.
        """
        names = self._class_names()
        self._check_labels(results, names)
        self._warn(results, names)
        metrics: dict[str, float] = {}
        columns: dict[str, Column] = {}
        for kind in self.kinds:
            values, columns_of_kind = self.evaluate_kind(results, names, kind)
            metrics |= values
            columns |= columns_of_kind
        self._log_table(results, names, columns)
        return metrics

    @property
    @abstractmethod
    def title(self) -> str:
        """What is measured, and how, for the table."""

    @abstractmethod
    def evaluate_kind(
        self, records: list[ImageRecord], names: Sequence[str], kind: Kind
    ) -> tuple[dict[str, float], dict[str, Column]]:
        """Evaluate boxes or masks.

        Args:
            records: One record per image of the data set.
            names: Names of the C classes.
            kind: 'bbox' or 'segm'.

        Returns:
            Result of each key, without prefix; and the columns of the table
            by their headers.
        """

    def _log_table(
        self,
        records: list[ImageRecord],
        names: Sequence[str],
        columns: dict[str, Column],
    ) -> None:
        """Log the results of every class, and their mean in the last row."""
        num_gt = count_ground_truth(records, len(names))
        num_ignored = sum(int(r.truth.ignored.sum()) for r in records)
        rows = [['class', 'objects', *columns]]
        for index, name in enumerate(names):
            values = [f'{part.values[index]:.3f}' for part in columns.values()]
            rows.append([name, str(num_gt[index]), *values])
        rows.append(
            [
                'mean',
                str(num_gt.sum()),
                *(f'{part.mean:.3f}' for part in columns.values()),
            ]
        )
        table = AsciiTable(rows)
        table.inner_footing_row_border = True
        for index in range(1, len(rows[0])):
            table.justify_columns[index] = 'right'
        print_log(
            f'{self.title} on {len(records)} images; {num_ignored} more '
            f'objects are ignored\n{table.table}',
            logger='current',
        )

    def _class_names(self) -> list[str]:
        """Read the names of the data set's classes.

        Raises:
            InputError: If there are none.
        """
        meta = self.dataset_meta or {}
        if not meta.get('classes'):
            raise InputError(
                f"{type(self).__name__} expected dataset_meta['classes'], "
                f'found keys {sorted(meta)}: give the data set a METAINFO '
                "with 'classes', or set metainfo=dict(classes=...) in the "
                'config.'
            )
        return list(meta['classes'])

    def _check_labels(
        self, records: list[ImageRecord], names: Sequence[str]
    ) -> None:
        """Compare class indices with the data set's classes.

        Raises:
            InputError: If a detection or an object has no class there.
        """
        for record in records:
            for side, labels in (
                ('model predicted', record.detections.labels),
                ('ground truth has', record.truth.labels),
            ):
                wrong = labels[(labels < 0) | (labels >= len(names))]
                if wrong.size:
                    raise InputError(
                        f'The {side} class index {wrong[0]} in image '
                        f'{record.img_id!r}, but the data set has the '
                        f'{len(names)} classes 0 to {len(names) - 1}: set '
                        f'num_classes={len(names)} in every head of the '
                        "model, or mend the data set's metainfo."
                    )

    def _warn(self, records: list[ImageRecord], names: Sequence[str]) -> None:
        """Say in the log why a result will be 0 or nan."""
        warnings = []
        if not any(len(record.detections.labels) for record in records):
            warnings.append(
                'the model predicted nothing, so its average precision is 0'
            )
        if not count_ground_truth(records, len(names)).any():
            warnings.append(
                'the ground truth has no object that is not ignored, so '
                'average precision is undefined (nan)'
            )
        for warning in warnings:
            print_log(
                f'{type(self).__name__}, {len(records)} images: {warning}.',
                logger='current',
                level=logging.WARNING,
            )
