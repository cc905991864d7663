"""Int8 post-training static quantisation of an exported detector."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.evaluator import Evaluator
from mmengine.registry import DefaultScope

from mmvision_ext.apis.exported_model import load_exported
from mmvision_ext.apis.model import load_detector
from mmvision_ext.apis.progress import track
from mmvision_ext.utils import InputError

from .detector_check import (
    Tolerance,
    check_detector,
    pick_images,
    require_same,
)
from .detector_export import describe_detector, export_detector
from .images import ImageBatches, build_dataset
from .quantizable import QuantizableModel
from .quantize import Calibration, QuantizedParts
from .session import OnnxDetector

#: Networks only: boxes are computed in float32 from the scores and deltas of
#: the last layers, whose outputs of all classes would share one scale.
DETECTOR_PARTS = QuantizedParts(
    operators=('Conv', 'ConvTranspose', 'Gemm'),
    without=('rpn_cls', 'rpn_reg', 'fc_cls', 'fc_reg', 'conv_logits'),
)
_EVALUATOR = "dict(type='mmvision_ext.CocoInstanceMetric')"
_METRICS = {'bbox_mAP_50': 'box_ap50', 'segm_mAP_50': 'mask_ap50'}


class QuantizableDetector(QuantizableModel):
    """A Mask or Faster R-CNN, whose AP at an IoU of 0.5 counts.

    Args:
        config: Detection config; images of its training set calibrate, its
            ``test_evaluator`` measures on those of its test set.
        checkpoint: File of the weights.
        calibration: How the ranges are found. Images differ in size, so that
            each is a batch of its own.
        threads: Number of threads of a session that is timed.

    Raises:
        InputError: A file is missing, the weights do not fit, or the config
            has no evaluator.
    """

    parts = DETECTOR_PARTS

    def __init__(
        self,
        config: Config,
        checkpoint: str | Path,
        calibration: Calibration,
        threads: int,
    ) -> None:
        if not config.get('test_evaluator'):
            raise InputError(
                f'test_evaluator: expected in {config.filename}, found none. '
                f'Use {_EVALUATOR}.'
            )
        self._config = config
        self._model = load_detector(config, checkpoint, 'cpu')
        self._checkpoint = checkpoint
        self._threads = threads
        self.test = ImageBatches(config, 'test', 1, labelled=False)
        self.train = ImageBatches(
            config,
            'train',
            1,
            calibration.num_images,
            seed=0,
            labelled=False,
        )

    def export(self, path: Path) -> Path:
        """See :class:`~mmvision_ext.deployment.quantizable.QuantizableModel`.

        Args:
            path: File to write.

        Returns:
            The file.

        Raises:
            InputError: The model cannot be exported, or the export differs
                from PyTorch.
        """
        metadata = describe_detector(self._model, self._checkpoint)
        export_detector(self._model, path, metadata)
        images = pick_images(self._model.cfg)
        require_same(check_detector(self._model, path, images), Tolerance())
        return path

    def call_of(self, path: Path) -> Callable[[], Any]:
        """Load a file to time it.

        Args:
            path: An export of this model.

        Returns:
            What detects on the first image of the test set.
        """
        session = OnnxDetector(path, self._threads)
        image = next(iter(self.test)).images[0]
        return lambda: session(image)

    def accuracy_of(
        self, files: Mapping[str, Path]
    ) -> dict[str, dict[str, float]]:
        """Evaluate each file on the test set.

        Args:
            files: Exports of this model by name.

        Returns:
            ``box_ap50`` and, with masks, ``mask_ap50``, in per cent.

        Raises:
            InputError: The evaluator has neither ``bbox_mAP_50`` nor
                ``segm_mAP_50``.
        """
        return {
            name: _average_precision(
                _evaluate(self._config, path), self._config
            )
            for name, path in files.items()
        }


def _evaluate(config: Config, path: Path) -> Mapping[str, Any]:
    """Metrics of a file on the test set."""
    model = load_exported(path, 'detection')
    dataset = build_dataset(config, 'test')
    with DefaultScope.overwrite_default_scope(
        config.get('default_scope', 'mmdet')
    ):
        evaluator = Evaluator(config.test_evaluator)
    evaluator.dataset_meta = dataset.metainfo
    indices = track(range(len(dataset)), 'detecting', len(dataset))
    for batch in (pseudo_collate([dataset[index]]) for index in indices):
        evaluator.process(model.test_step(batch), batch)
    return evaluator.evaluate(len(dataset))


def _average_precision(
    metrics: Mapping[str, Any], config: Config
) -> dict[str, float]:
    """The columns of a stage, in per cent, from the metrics of a test."""
    found = {
        column: float(value) * 100
        for key, value in metrics.items()
        if (column := _METRICS.get(key.rpartition('/')[2]))
    }
    if not found:
        raise InputError(
            f'test_evaluator: expected one that gives bbox_mAP_50, found '
            f'{", ".join(metrics)} in {config.filename}. Use {_EVALUATOR}.'
        )
    return found
