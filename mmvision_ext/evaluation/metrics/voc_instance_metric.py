"""PASCAL VOC average precision of boxes and masks as a metric."""

from collections.abc import Sequence

from mmvision_ext.registry import METRICS
from mmvision_ext.utils import InputError

from ..functional import ImageRecord, voc_average_precision
from ..functional.voc_ap import MODES, Mode
from .instance_metric import InstanceMetric


@METRICS.register_module()
class VOCInstanceMetric(InstanceMetric):
    """Average precision by the rules of PASCAL VOC, for boxes and masks.

    Result keys: ``bbox_AP50`` and ``segm_AP50`` (the number is the IoU
    threshold in percent), in [0, 1], under the prefix ``voc``.

    Args:
        metric: 'bbox', 'segm' or a list of them.
        iou_thr: Smallest overlap of a hit, in (0, 1].
        eval_mode: 'area' (VOC from 2010 on) or '11points' (VOC 2007).
        collect_device: Where results of several processes meet, 'cpu' or
            'gpu'.
        prefix: Replaces the default prefix of the result keys.

    Raises:
        InputError: If an argument has an unknown value.
    """

    default_prefix = 'voc'

    def __init__(
        self,
        metric: str | Sequence[str] = ('bbox', 'segm'),
        iou_thr: float = 0.5,
        eval_mode: Mode = 'area',
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        super().__init__(metric, collect_device, prefix)
        if not 0 < iou_thr <= 1:
            raise InputError(f'iou_thr must be in (0, 1], got {iou_thr!r}.')
        if eval_mode not in MODES:
            raise InputError(
                f'eval_mode must be one of {MODES}, got {eval_mode!r}.'
            )
        self.iou_thr = iou_thr
        self.eval_mode = eval_mode

    def evaluate_records(
        self, records: list[ImageRecord], names: Sequence[str]
    ) -> dict[str, float]:
        """Evaluate and log the table.

        Args:
            records: One record per image of the data set.
            names: Names of the classes.

        Returns:
            ``bbox_AP50`` and ``segm_AP50``, as far as asked for.
        """
        results = {
            f'{kind}_AP{round(self.iou_thr * 100)}': voc_average_precision(
                records, len(names), kind, self.iou_thr, self.eval_mode
            )
            for kind in self.kinds
        }
        metrics = {key: result.mean_ap for key, result in results.items()}
        self.log_table(
            f'VOC average precision (mode {self.eval_mode!r}, IoU '
            f'{self.iou_thr:g})',
            records,
            names,
            {key: result.ap for key, result in results.items()},
            list(metrics.values()),
        )
        return metrics
