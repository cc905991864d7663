"""A model before and after its quantisation: size, speed, accuracy."""

from pathlib import Path

from mmengine.config import Config

from mmvision_ext.apis.task import task_of

from .classifier_quantize import QuantizableClassifier
from .detector_quantize import QuantizableDetector
from .measure import check_timing, file_sizes, measure_latency
from .packages import need
from .quantize import Calibration, quantize_onnx
from .report import Protocol, Stage, record_protocol


def compare_quantized(
    config: Config,
    checkpoint: str | Path,
    folder: str | Path,
    calibration: Calibration,
    threads: int = 1,
    rounds: int = 100,
    command: str = '',
) -> tuple[list[Stage], Protocol]:
    """Export a classifier or detector, quantise it, and measure both files.

    Writes ``model_fp32.onnx`` and ``model_int8.onnx``.

    Args:
        config: Config of the model; images of its training set calibrate,
            those of its test set give the accuracy.
        checkpoint: File of the weights.
        folder: Where to; made where missing.
        calibration: How the ranges are found.
        threads: Number of threads of the latency.
        rounds: How often each model is timed.
        command: How it was started, for the record.

    Returns:
        One stage for each file, float32 first, and how they were measured.

    Raises:
        InputError: A file or package is missing, the weights do not fit, the
            model cannot be exported, the export differs from PyTorch, or the
            evaluator of a detector is missing or gives no AP.
    """
    check_timing(threads, rounds)
    need('onnxruntime.quantization')
    folder = Path(folder)
    detects = 'detection' in task_of(config)
    kind = QuantizableDetector if detects else QuantizableClassifier
    model = kind(config, checkpoint, calibration, threads)
    full = model.export(folder / 'model_fp32.onnx')
    small = quantize_onnx(
        full, folder / 'model_int8.onnx', model.train, calibration, model.parts
    )
    files = {'float32': full, 'int8': small}
    latency = measure_latency(
        {name: model.call_of(path) for name, path in files.items()}, rounds
    )
    accuracy = model.accuracy_of(files)
    stages = [
        Stage(
            name,
            str(path),
            *file_sizes(path),
            latency[name].median,
            latency[name].lower,
            latency[name].upper,
            **accuracy[name],
        )
        for name, path in files.items()
    ]
    dataset = type(model.test.dataset).__name__
    return stages, record_protocol(
        config,
        checkpoint,
        f'{dataset}, {model.test.num_images} images of the test set',
        calibration.method_of(model.train.num_images),
        threads,
        rounds,
        command,
    )
