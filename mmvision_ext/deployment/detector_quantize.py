"""Int8 post-training static quantisation of an exported detector."""

from collections.abc import Mapping
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
from .measure import check_timing, file_sizes, measure_latency
from .packages import need
from .quantize import Calibration, QuantizedParts, quantize_onnx
from .report import Protocol, Stage, record_protocol
from .session import OnnxDetector

#: Networks only: boxes are computed in float32 from the scores and deltas of
#: the last layers, whose outputs of all classes would share one scale.
DETECTOR_PARTS = QuantizedParts(
    operators=('Conv', 'ConvTranspose', 'Gemm'),
    without=('rpn_cls', 'rpn_reg', 'fc_cls', 'fc_reg', 'conv_logits'),
)
_EVALUATOR = "dict(type='mmvision_ext.CocoInstanceMetric')"
_METRICS = {'bbox_mAP_50': 'box_ap50', 'segm_mAP_50': 'mask_ap50'}


def compare_quantized_detector(
    config: Config,
    checkpoint: str | Path,
    folder: str | Path,
    calibration: Calibration,
    threads: int = 1,
    rounds: int = 100,
    command: str = '',
) -> tuple[list[Stage], Protocol]:
    """Export a Mask or Faster R-CNN, quantise it, and measure both files.

    Writes ``model_fp32.onnx`` and ``model_int8.onnx``.

    Args:
        config: Detection config; images of its training set calibrate, its
            ``test_evaluator`` measures on those of its test set.
        checkpoint: File of the weights.
        folder: Where to; made where missing.
        calibration: How the ranges are found. Images differ in size, so that
            each is a batch of its own.
        threads: Number of threads of the latency.
        rounds: How often each model is timed.
        command: How it was started, for the record.

    Returns:
        One stage for each file, float32 first, and how they were measured.

    Raises:
        InputError: A file or package is missing, the weights do not fit, the
            model cannot be exported, the export differs from PyTorch, or the
            evaluator is missing or has neither ``bbox_mAP_50`` nor
            ``segm_mAP_50``.
    """
    check_timing(threads, rounds)
    if not config.get('test_evaluator'):
        raise InputError(
            f'test_evaluator: expected in {config.filename}, found none. Use '
            f'{_EVALUATOR}.'
        )
    folder = Path(folder)
    need('onnxruntime.quantization')
    model = load_detector(config, checkpoint, 'cpu')
    full = export_detector(
        model, folder / 'model_fp32.onnx', describe_detector(model, checkpoint)
    )
    rows = check_detector(model, full, pick_images(model.cfg))
    require_same(rows, Tolerance())
    images = calibration.num_batches * calibration.batch_size
    train = ImageBatches(config, 'train', 1, images, seed=0, labelled=False)
    small = quantize_onnx(
        full, folder / 'model_int8.onnx', train, calibration, DETECTOR_PARTS
    )
    files = {'float32': full, 'int8': small}
    test = ImageBatches(config, 'test', 1, labelled=False)
    image = next(iter(test)).images[0]
    sessions = {
        name: OnnxDetector(path, threads) for name, path in files.items()
    }
    latency = measure_latency(
        {name: lambda s=s: s(image) for name, s in sessions.items()},  # type: ignore[misc]
        rounds,
    )
    stages = [
        Stage(
            name,
            str(path),
            *file_sizes(path),
            latency[name].median,
            latency[name].lower,
            latency[name].upper,
            **_average_precision(_evaluate(config, path), config),
        )
        for name, path in files.items()
    ]
    data = (
        f'{type(test.dataset).__name__}, {test.num_images} images of the test '
        'set'
    )
    return stages, record_protocol(
        config,
        checkpoint,
        data,
        calibration.method_of(train.num_images),
        threads,
        rounds,
        command,
    )


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
