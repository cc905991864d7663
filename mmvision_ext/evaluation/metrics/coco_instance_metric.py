"""COCO average precision of boxes and masks as a metric."""

from collections.abc import Sequence

from mmvision_ext.registry import METRICS
from mmvision_ext.utils import InputError

from ..functional import ImageRecord, Kind, coco_average_precision
from ..functional.coco_ap import BACKENDS, Backend
from .instance_metric import Column, InstanceMetric


@METRICS.register_module()
class CocoInstanceMetric(InstanceMetric):
    """Average precision by the rules of COCO, for boxes and masks.

    Result keys, for ``bbox`` and ``segm``, in [0, 1], under the prefix
    ``coco``: ``bbox_mAP``, ``bbox_mAP_50``, ``bbox_mAP_75``, ``bbox_mAP_s``,
    ``bbox_mAP_m``, ``bbox_mAP_l``; with ``classwise`` also
    ``bbox_<class>_precision`` and ``bbox_<class>_precision_50``. Values are
    not rounded, and nan where there is nothing to be found (mmdet: -1).

    Detections of ignored objects count neither way. Only COCO's groups of
    objects, ``iscrowd``, also forgive detections that merely lie inside; for
    a single ignored object, such as VOC's difficult ones, a detection must
    reach the IoU threshold, as in
    :class:`~mmvision_ext.evaluation.metrics.VOCInstanceMetric`. Groups are
    those that the dataset names as such, see
    :class:`~mmvision_ext.datasets.CocoInstanceDataset`.

    Args:
        metric: 'bbox', 'segm' or a list of them.
        backend: 'faster_coco_eval' or 'pycocotools'; same numbers.
        classwise: Whether the results of each class get keys too.
        collect_device: Where results of several processes meet, 'cpu' or
            'gpu'.
        prefix: Replaces the default prefix of the result keys.

    Raises:
        InputError: If an argument has an unknown value.
    """

    default_prefix = 'coco'

    def __init__(
        self,
        metric: str | Sequence[str] = ('bbox', 'segm'),
        backend: Backend = 'faster_coco_eval',
        classwise: bool = False,
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        super().__init__(metric, collect_device, prefix)
        if backend not in BACKENDS:
            raise InputError(
                f'backend must be one of {BACKENDS}, got {backend!r}.'
            )
        self.backend = backend
        self.classwise = classwise

    @property
    def title(self) -> str:
        """What is measured, and how, for the table."""
        return (
            'COCO average precision (mAP: IoU 0.50:0.95, mAP_50: IoU 0.50, '
            f'101 points, {self.backend})'
        )

    def evaluate_kind(
        self, records: list[ImageRecord], names: Sequence[str], kind: Kind
    ) -> tuple[dict[str, float], dict[str, Column]]:
        """Evaluate boxes or masks.

        Args:
            records: One record per image of the data set.
            names: Names of the C classes.
            kind: 'bbox' or 'segm'.

        Returns:
            The keys named in the class description that are of this kind,
            and the columns ``<kind>_mAP`` and ``<kind>_mAP_50``.
        """
        result = coco_average_precision(records, names, kind, self.backend)
        metrics = {
            f'{kind}_mAP': result.ap,
            f'{kind}_mAP_50': result.ap50,
            f'{kind}_mAP_75': result.ap75,
            f'{kind}_mAP_s': result.ap_small,
            f'{kind}_mAP_m': result.ap_medium,
            f'{kind}_mAP_l': result.ap_large,
        }
        if self.classwise:
            for index, name in enumerate(names):
                key = f'{kind}_{name}_precision'
                metrics[key] = float(result.class_ap[index])
                metrics[f'{key}_50'] = float(result.class_ap50[index])
        columns = {
            f'{kind}_mAP': Column(result.class_ap, result.ap),
            f'{kind}_mAP_50': Column(result.class_ap50, result.ap50),
        }
        return metrics, columns
