"""PASCAL VOC average precision of boxes and masks as a metric."""

from collections.abc import Sequence

from mmvision_ext.registry import METRICS
from mmvision_ext.utils import InputError

from ..functional import ImageRecord, Kind, voc_average_precision
from ..functional.voc_ap import MODES, Mode
from .instance_metric import Column, InstanceMetric


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

    @property
    def title(self) -> str:
        """What is measured, and how, for the table."""
        return (
            f'VOC average precision (mode {self.eval_mode!r}, IoU '
            f'{self.iou_thr:g})'
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
            ``bbox_AP50`` or ``segm_AP50``, as key and as column.
        """
        result = voc_average_precision(
            records, len(names), kind, self.iou_thr, self.eval_mode
        )
        key = f'{kind}_AP{round(self.iou_thr * 100)}'
        return {key: result.mean_ap}, {key: Column(result.ap, result.mean_ap)}
