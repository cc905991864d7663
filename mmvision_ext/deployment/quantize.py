"""Int8 post-training static quantisation of an exported model."""

import io
import json
import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mmvision_ext.apis.progress import track
from mmvision_ext.utils import InputError

from .graph_file import graph_metadata, read_graph
from .images import Batch, ImageBatches
from .packages import need

#: How ranges of activations are found, and ONNX Runtime's name of it.
CALIBRATIONS = {
    'minmax': 'MinMax',
    'percentile': 'Percentile',
    'entropy': 'Entropy',
}


@dataclass(frozen=True)
class Calibration:
    """How the ranges of activations are found.

    Attributes:
        num_batches: Number of batches of training images.
        batch_size: Images a batch.
        method: A key of :data:`CALIBRATIONS`.
        reduce_range: Give weights 7 bits, for x86 processors without VNNI
            instructions, where sums of 8-bit products overflow.
    """

    num_batches: int = 16
    batch_size: int = 16
    method: str = 'minmax'
    reduce_range: bool = False

    def __post_init__(self) -> None:
        if self.num_batches < 1 or self.batch_size < 1:
            raise InputError(
                'calibration: expected at least one batch of at least one '
                f'image, found {self.num_batches} of {self.batch_size}.'
            )

    @property
    def num_images(self) -> int:
        """Number of training images, where there are as many."""
        return self.num_batches * self.batch_size

    def method_of(self, images: int) -> str:
        """Describe the quantisation, for a report.

        Args:
            images: Number of images that gave the ranges.

        Returns:
            A phrase.
        """
        bits = 7 if self.reduce_range else 8
        return (
            f'ONNX Runtime, static, {bits}-bit weights per channel, 8-bit '
            f'activations, {self.method} over {images} training images'
        )


@dataclass(frozen=True)
class QuantizedParts:
    """Which nodes of a graph are quantised.

    Attributes:
        operators: Types of nodes; None takes all that ONNX Runtime can.
        without: Parts of the names of nodes that stay in float32.
    """

    operators: tuple[str, ...] | None = None
    without: tuple[str, ...] = ()


class CalibrationBatches:
    """Feeds one batch at a time to ONNX Runtime's calibration.

    ONNX Runtime keeps the activations of all that it reads in one go, so it
    is told to read batch by batch.

    Args:
        batches: Images of the training set.
        input_name: Name of the graph's input.
    """

    def __init__(self, batches: ImageBatches, input_name: str) -> None:
        self._count = len(batches)
        self._batches: Iterator[Batch] = track(
            batches, 'calibrating', self._count
        )
        self._name = input_name
        self._left = self._read = 0

    def __len__(self) -> int:
        return self._count

    def set_range(self, start_index: int, end_index: int) -> None:
        """Allow some batches to be read.

        Args:
            start_index: First batch; always the one after the last read.
            end_index: One past the last.
        """
        self._left = end_index - start_index

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        """Read a batch.

        Returns:
            Name of the input to images, shape (N, C, H, W); None when all
            that are allowed were read.
        """
        if not self._left:
            return None
        self._left -= 1
        self._read += 1
        images = next(self._batches).images
        if self._read == self._count:
            next(self._batches, None)  # ends the progress bar
        return {self._name: images}


def quantize_onnx(
    source: str | Path,
    target: str | Path,
    batches: ImageBatches,
    calibration: Calibration,
    parts: QuantizedParts = QuantizedParts(),  # noqa: B008  # frozen
) -> Path:
    """Quantise weights and activations of an ONNX file to 8 bits.

    Weights are signed and symmetric with a scale for each output channel,
    activations unsigned with one scale each; both stand in the graph as
    QuantizeLinear and DequantizeLinear. Softmax and normalisation stay in
    float32.

    Args:
        source: What :func:`~mmvision_ext.deployment.export.export_onnx`
            wrote.
        target: File to write.
        batches: Images of the training set to find the ranges with.
        calibration: How.
        parts: Which nodes.

    Returns:
        The file.

    Raises:
        InputError: ONNX Runtime is missing, or the source is damaged or
            names other files.
    """
    quantization = need('onnxruntime.quantization')
    shapes = need('onnxruntime.quantization.shape_inference')
    onnx = need('onnx')
    source_model = read_graph(source)
    with tempfile.TemporaryDirectory() as folder, _quiet():
        prepared = Path(folder) / 'prepared.onnx'
        # The symbolic inference of shapes fails on attention. ONNX's own
        # finds all of a classifier, whose image size is fixed.
        shapes.quant_pre_process(
            str(source), str(prepared), skip_symbolic_shape=True
        )
        excluded = [
            node.name
            for node in onnx.load(prepared).graph.node
            if node.op_type == 'Softmax'
            or any(part in node.name for part in parts.without)
        ]
        quantization.quantize_static(
            str(prepared),
            str(target),
            CalibrationBatches(batches, source_model.graph.input[0].name),
            quant_format=quantization.QuantFormat.QDQ,
            per_channel=True,
            reduce_range=calibration.reduce_range,
            activation_type=quantization.QuantType.QUInt8,
            weight_type=quantization.QuantType.QInt8,
            op_types_to_quantize=parts.operators and list(parts.operators),
            nodes_to_exclude=excluded,
            calibrate_method=getattr(
                quantization.CalibrationMethod,
                CALIBRATIONS[calibration.method],
            ),
            # Despite its name it is heeded by every method.
            extra_options={'CalibStridedMinMax': 1},
        )
    model = onnx.load(target)
    properties = graph_metadata(source_model, source)
    properties['quantization'] = json.dumps(
        dict(
            calibration=calibration.method,
            images=batches.num_images,
            reduce_range=calibration.reduce_range,
        )
    )
    onnx.helper.set_model_props(model, properties)
    onnx.save(model, target)
    return Path(target)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without ONNX Runtime's advice, which is followed, and its prints."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with redirect_stdout(io.StringIO()):
            yield
    finally:
        logging.disable(before)
