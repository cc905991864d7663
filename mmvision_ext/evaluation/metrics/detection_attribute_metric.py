"""Attributes of detected objects, with those that were missed."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mmvision_ext.registry import METRICS
from mmvision_ext.utils import InputError

from ..attribute_thresholds import sample_name
from ..functional.attribute_ranking import rank_attributes
from ..functional.attribute_scores import mean
from ..functional.object_matching import match_objects
from .attribute_metric import AttributeMetric, ScoredSample
from .collector import image_record

_PACK = (
    "end the test pipeline with dict(type='LoadAnnotations'), "
    "dict(type='mmvision_ext.LoadObjectAttributes') and "
    "dict(type='mmvision_ext.PackDetAttributes')"
)


@METRICS.register_module()
class DetectionAttributeMetric(AttributeMetric):
    """Measures of a detector that tells the attributes of what it finds.

    An object is found by a detection of its class with an overlap of at least
    ``iou_thr``, see :func:`~mmvision_ext.evaluation.functional.
    object_matching.match_objects`; its scores are those of that detection. An
    object that no detection finds has the score 0 for every attribute in the
    rankings (mAP, AUROC), and no attribute of it is predicted, neither at any
    threshold nor among the ``topk`` highest, so that the keys of
    :class:`AttributeMetric` count what was missed against the model. Beside
    them stand, in per cent: ``recall``, the share of the
    objects that were found; ``mAP_found`` and ``mAP_found_chance``, of the
    found objects alone: they tell how well attributes are told where there is
    a box, and are no measure to compare detectors by, since a detector that
    finds the easy objects alone scores best. Detections that find nothing
    count in the average precision of the boxes, not here.

    Args:
        iou_thr: Smallest overlap of a detection with the object that it
            finds, in (0, 1].
        kwargs: As for :class:`AttributeMetric`.

    Raises:
        InputError: If ``iou_thr`` is out of range, or as for
            :class:`AttributeMetric`.
    """

    names_key = 'attributes'
    head = 'model.roi_head.attribute_head'

    def __init__(self, iou_thr: float = 0.5, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not 0 < iou_thr <= 1:
            raise InputError(
                f'iou_thr: expected a value in (0, 1], found {iou_thr!r}'
            )
        self.iou_thr = iou_thr

    def process(
        self, data_batch: Any, data_samples: Sequence[dict[str, Any]]
    ) -> None:
        """Append what counts of each image to ``self.results``.

        Args:
            data_batch: Not used.
            data_samples: As dicts, data samples with ``pred_instances``, of
                which ``attribute_scores`` (D, A), and ``gt_instances``, of
                which ``attributes`` (G, A), ``attribute_mask``, bool (G, A),
                and ``ann_ids`` (G,). Boxes are in pixels of the original
                image.

        Raises:
            InputError: If one is missing or has another shape, the
                thresholds were chosen on an object of these images, or
                thresholds are to be chosen on the test split.
        """
        if not self.results:
            self._check_data()
        for sample in data_samples:
            objects = self._objects(sample)
            if self.thresholds is not None:
                for item in objects:
                    self.thresholds.check_sample(item.name)
            self.results.append(objects)

    def compute_metrics(self, results: list[Any]) -> dict[str, float]:
        """Evaluate the objects of the images of all processes.

        Args:
            results: For each image its objects that are not ignored.

        Returns:
            The measures, without prefix; nan for those that are not defined.

        Raises:
            InputError: If scores, targets and attribute names do not agree,
                or there is no object.
        """
        objects = [item for image in results for item in image]
        metrics = super().compute_metrics(objects)
        found = [item for item in objects if item.found]
        shares = dict(
            recall=100 * len(found) / len(objects),
            mAP_found=float('nan'),
            mAP_found_chance=float('nan'),
        )
        if found:
            data = self._data(found)
            precision = rank_attributes(data).average_precision
            seen = data.positives > 0
            shares['mAP_found'] = 100 * mean(precision[seen])
            shares['mAP_found_chance'] = 100 * mean(data.priors[seen])
        self._log(
            f'{len(found)} of {len(objects)} objects found '
            f'({shares["recall"]:.2f} %, IoU {self.iou_thr:g}, same class); '
            f'mAP of these {shares["mAP_found"]:.2f} % (chance '
            f'{shares["mAP_found_chance"]:.2f} %); in the line above the '
            'others have the score 0, and no attribute of them is predicted'
        )
        return metrics | shares

    def _objects(self, sample: Mapping[str, Any]) -> list[ScoredSample]:
        """Scores, targets and mask of an image's objects not ignored."""
        record = image_record(sample)
        place = sample.get('img_path', 'an image')
        truth, found = sample['gt_instances'], sample['pred_instances']
        total = int((~record.truth.ignored).sum())  # those come first
        matches = match_objects(record, self.iou_thr)[:total]
        if not total:
            return []
        for key in ('attributes', 'attribute_mask', 'ann_ids'):
            if key not in truth:
                raise InputError(
                    f'{place}: expected gt_instances.{key}, found none: '
                    f'{_PACK}.'
                )
        if 'attribute_scores' not in found:
            raise InputError(
                f'{place}: expected pred_instances.attribute_scores, found '
                "none: set model.roi_head.type='mmvision_ext.AttributeRoIHead'"
                ' with an attribute_head.'
            )
        targets = truth['attributes'].float().cpu().numpy()
        known = truth['attribute_mask'].cpu().numpy()
        predicted = found['attribute_scores'].float().cpu().numpy()
        if predicted.shape[1] != targets.shape[1]:
            raise InputError(
                f'{place}: expected scores of {targets.shape[1]} attributes, '
                f'found {predicted.shape[1]}: set model.roi_head.'
                f'attribute_head.num_classes={targets.shape[1]}.'
            )
        scores = np.zeros_like(targets)
        hit = matches >= 0
        scores[hit] = predicted[matches[hit]]
        named = self.thresholds is not None or self.save_thresholds
        return [
            ScoredSample(
                scores[index],
                targets[index],
                known[index],
                sample_name({**sample, 'ann_id': int(ann_id)})
                if named
                else '',
                bool(hit[index]),
            )
            for index, ann_id in enumerate(truth['ann_ids'])
        ]
