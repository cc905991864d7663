"""Measures of attributes, each beside what chance gives."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log
from numpy.typing import NDArray

from mmvision_ext.registry import METRICS
from mmvision_ext.utils import InputError

from ..attribute_tables import AttributeReport, write_report
from ..attribute_thresholds import (
    calibrate,
    check_calibration,
    read_thresholds,
    sample_name,
    write_thresholds,
)
from ..functional.attribute_scores import AttributeScores, attribute_scores
from ..functional.attribute_summary import (
    THIRDS,
    AttributeSummary,
    frequency_thirds,
    summarise_attributes,
)


@dataclass(frozen=True)
class ScoredSample:
    """What the measures need of a sample.

    Attributes:
        scores: Probabilities, shape (A,), float32.
        targets: 0 or 1 where known, shape (A,), float32.
        known: Whether the entry counts, shape (A,), bool.
        name: See :func:`~mmvision_ext.evaluation.attribute_thresholds.
            sample_name`; empty where no thresholds are involved.
        found: Whether the model saw the sample at all: of an object that a
            detector missed nothing is predicted, and its scores are 0.
    """

    scores: NDArray[np.float32]
    targets: NDArray[np.float32]
    known: NDArray[np.bool_]
    name: str
    found: bool = True


@METRICS.register_module()
class AttributeMetric(BaseMetric):
    """Measures of a model that gives each sample several attributes.

    Result keys, in per cent, under the prefix ``attributes``: those of
    :meth:`AttributeSummary.overall`, and ``mAP_<part>`` with
    ``mAP_<part>_chance`` for ``head``, ``medium`` and ``tail`` (thirds of the
    attributes by their positives in the data evaluated) and for each group of
    ``dataset_meta['attribute_groups']``. Then, as numbers,
    ``num_with_positives`` and ``num_with_negatives`` of the attributes and
    ``num_known`` entries.

    Entries whose ``gt_mask`` is False count nowhere. A score that is no
    number counts as wrong, with a warning.

    Args:
        topk: Number of highest scores of a sample for recall and F1, less
            than the number of attributes.
        thresholds: File with a threshold for each attribute, chosen on other
            data; gives the keys with the suffix ``_calibrated``.
        save_thresholds: File to write with the thresholds that are best for
            F1 on the data evaluated: for validation data. Data whose
            protocol says that they are the test split are refused.
        out_dir: Folder for the tables, see
            :func:`~mmvision_ext.evaluation.attribute_tables.write_report`.
        collect_device: Where results of several processes meet, 'cpu' or
            'gpu'.
        prefix: Replaces the default prefix of the result keys.

    Raises:
        InputError: If both files of thresholds are given, or the one to read
            cannot be read.
    """

    default_prefix = 'attributes'
    names_key = 'classes'  # of dataset_meta
    head = 'model.head'  # in a config

    def __init__(
        self,
        topk: int = 15,
        thresholds: str | None = None,
        save_thresholds: str | None = None,
        out_dir: str | None = None,
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        if thresholds and save_thresholds:
            raise InputError(
                'AttributeMetric: expected thresholds or save_thresholds, '
                'found both: they are saved on validation data and used on '
                'other data'
            )
        self.topk = topk
        self.thresholds = read_thresholds(thresholds) if thresholds else None
        self.save_thresholds = save_thresholds
        self.out_dir = out_dir

    @property
    def _protocol(self) -> str:
        return str((self.dataset_meta or {}).get('protocol', ''))

    @property
    def _groups(self) -> Mapping[str, Sequence[str]]:
        return (self.dataset_meta or {}).get('attribute_groups') or {}

    def process(
        self, data_batch: Any, data_samples: Sequence[dict[str, Any]]
    ) -> None:
        """Append what counts of each sample to ``self.results``.

        Args:
            data_batch: Not used.
            data_samples: As dicts, data samples with ``pred_score`` and
                ``gt_score``, shape (A,), and, where not all is known,
                ``gt_mask``, bool (A,).

        Raises:
            InputError: If one is missing or has another shape, the
                thresholds were chosen on this sample, or thresholds are to
                be chosen on the test split.
        """
        if not self.results:
            self._check_data()
        for sample in data_samples:
            name = ''
            if self.thresholds is not None or self.save_thresholds:
                name = sample_name(sample)
            if self.thresholds is not None:
                self.thresholds.check_sample(name)
            self.results.append(_scored_sample(sample, name))

    def _check_data(self) -> None:
        """Refuse data that do not go with the thresholds or the keys.

        Raises:
            InputError: If thresholds are used on what they were chosen on, or
                chosen on the test split; or a group of attributes has the
                name of a third.
        """
        taken = set(self._groups) & set(THIRDS)
        if taken:
            raise InputError(
                'attribute_groups: expected other names than '
                f'{", ".join(THIRDS)}, which are thirds of the attributes, '
                f"found '{min(taken)}'. Rename the group in the table of "
                'attributes.'
            )
        if self.thresholds is not None:
            self.thresholds.check_protocol(self._protocol)
        if self.save_thresholds:
            check_calibration(self._protocol)

    def compute_metrics(self, results: list[ScoredSample]) -> dict[str, float]:
        """Evaluate the samples of all processes, write files, log a line.

        Args:
            results: One for each sample.

        Returns:
            The measures, without prefix; nan for those that are not defined.

        Raises:
            InputError: If scores, targets and attribute names do not agree.
        """
        if not results:
            raise InputError(
                'AttributeMetric: expected samples, found none. Check the '
                'split of the dataset in the config.'
            )
        data = self._data(results)
        names = self._names(data.scores.shape[1])
        values = None
        if self.thresholds is not None:
            values = self.thresholds.of(names)
        summary = summarise_attributes(data, self.topk, values)
        groups = self._groups
        of_name = {
            name: group
            for group, members in groups.items()
            for name in members
        }
        of_attribute = [of_name.get(name, '') for name in names]
        subsets = frequency_thirds(summary.positives) | {
            group: np.flatnonzero([group == item for item in of_attribute])
            for group in groups
        }
        if self.save_thresholds:
            self._save(data, names, results)
        if self.out_dir:
            report = AttributeReport(
                names,
                summary,
                subsets,
                of_attribute,
                self._protocol,
                len(results),
            )
            files = write_report(report, self.out_dir)
            self._log(f'wrote {" and ".join(map(str, files))}')
        return self._results(summary, subsets, data)

    def _data(self, results: list[ScoredSample]) -> AttributeScores:
        """Put the samples together.

        Raises:
            InputError: If they do not have the same attributes, or values
                are out of range.
        """
        sizes = {len(sample.scores) for sample in results}
        if len(sizes) > 1:
            raise InputError(
                'pred_score: expected the same number of attributes in every '
                f'sample, found {" and ".join(map(str, sorted(sizes)))}'
            )
        scores, targets, known = (
            np.stack([getattr(sample, key) for sample in results])
            for key in ('scores', 'targets', 'known')
        )
        broken = ~np.isfinite(scores)
        if broken.any():
            scores[broken] = targets[broken] == 0
            self._log(
                f'{int(broken.any(axis=1).sum())} of {len(results)} samples '
                'have scores that are nan or infinite: they count as wrong. '
                'Has the training diverged?',
                logging.WARNING,
            )
        found = np.array([sample.found for sample in results])
        return attribute_scores(scores, targets, known, found)

    def _names(self, count: int) -> tuple[str, ...]:
        """Names of the attributes.

        Raises:
            InputError: If there are not as many as scores.
        """
        names = (self.dataset_meta or {}).get(self.names_key)
        if not names:
            return tuple(f'attribute {index}' for index in range(count))
        if len(names) != count:
            raise InputError(
                f'The model scores {count} attributes, but the data set has '
                f'{len(names)}: set {self.head}.num_classes={len(names)}.'
            )
        return tuple(names)

    def _save(
        self,
        data: AttributeScores,
        names: Sequence[str],
        results: list[ScoredSample],
    ) -> None:
        """Write the thresholds of these data."""
        samples = [sample.name for sample in results]
        found = calibrate(data, names, samples, self._protocol)
        write_thresholds(str(self.save_thresholds), found)
        self._log(
            f'wrote thresholds chosen on {len(results)} samples to '
            f'{self.save_thresholds}; {len(found.uncalibrated)} of '
            f'{len(names)} attributes have no positives to choose by and '
            'keep 0.5'
        )

    def _results(
        self,
        summary: AttributeSummary,
        subsets: Mapping[str, NDArray[np.intp]],
        data: AttributeScores,
    ) -> dict[str, float]:
        """The result keys; logs the main ones beside those of chance."""
        shares = summary.overall()
        for part, indices in subsets.items():
            average, chance = summary.mean_ap(indices)
            shares |= {f'mAP_{part}': average, f'mAP_{part}_chance': chance}
        metrics = {key: 100 * share for key, share in shares.items()}
        total = len(summary.positives)
        numbers = dict(
            num_with_positives=int((summary.positives > 0).sum()),
            num_with_negatives=int((summary.negatives > 0).sum()),
            num_known=int(data.known.sum()),
        )
        self._log(
            f'mAP {metrics["mAP"]:.2f} % (chance '
            f'{metrics["mAP_chance"]:.2f} %), accuracy '
            f'{metrics["accuracy"]:.2f} % (all-negative '
            f'{metrics["accuracy_all_negative"]:.2f} %), mA '
            f'{metrics["mA"]:.2f} % (chance 50.00 %); {len(data.known)} '
            f'samples, {numbers["num_known"]} of {data.known.size} entries '
            f'known, {numbers["num_with_positives"]} of {total} attributes '
            f'with positives, {numbers["num_with_negatives"]} with negatives; '
            f'protocol: {self._protocol or "not stated"}'
        )
        # MessageHub makes numpy integers of ints, for which LoggerHook
        # writes null after a test.
        return metrics | {key: float(n) for key, n in numbers.items()}

    def _log(self, text: str, level: int = logging.INFO) -> None:
        print_log(
            f'{type(self).__name__}: {text}', logger='current', level=level
        )


def _scored_sample(sample: Mapping[str, Any], name: str) -> ScoredSample:
    """Scores, targets and mask of a data sample, each (A,)."""
    place = sample.get('img_path', 'a sample')
    for key, cause in (
        ('pred_score', 'the head gives no scores'),
        ('gt_score', 'the test pipeline packs no attributes'),
    ):
        if sample.get(key) is None:
            raise InputError(f'{place}: expected {key}, found none: {cause}.')
    scores, targets = sample['pred_score'], sample['gt_score']
    known = sample.get('gt_mask')
    if known is None:
        known = torch.ones_like(targets, dtype=torch.bool)
    shapes = [tuple(item.shape) for item in (scores, targets, known)]
    if len(shapes[0]) != 1 or len(set(shapes)) != 1:
        raise InputError(
            f'{place}: expected pred_score, gt_score and gt_mask of one shape '
            f'(attributes,), found {", ".join(map(str, shapes))}. Set '
            "model.head.num_classes to the number of the dataset's attributes."
        )
    return ScoredSample(
        scores.float().cpu().numpy(),
        targets.float().cpu().numpy(),
        known.cpu().numpy(),
        name,
    )
