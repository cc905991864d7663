"""An int8 file is small, and puts images into the same classes."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip('onnxruntime', reason='extra deploy is not installed')

import onnx  # noqa: E402

from mmvision_ext.deployment.images import ImageBatches  # noqa: E402
from mmvision_ext.deployment.quantize import (  # noqa: E402
    Calibration,
    CalibrationBatches,
    quantize_onnx,
)
from mmvision_ext.deployment.session import OnnxClassifier  # noqa: E402
from mmvision_ext.utils import InputError  # noqa: E402


@pytest.fixture
def train(resnet: Any) -> ImageBatches:
    """Four batches of training images, in a random order."""
    return ImageBatches(resnet.load_config(), 'train', 8, 32, seed=0)


@pytest.mark.parametrize('method', ['minmax', 'percentile', 'entropy'])
def test_small_and_of_the_same_opinion(
    method: str,
    exported: Path,
    resnet: Any,
    train: ImageBatches,
    tmp_path: Path,
) -> None:
    path = quantize_onnx(
        exported, tmp_path / 'int8.onnx', train, Calibration(method=method)
    )
    assert path.stat().st_size < 0.4 * exported.stat().st_size
    (batch,) = ImageBatches(resnet.load_config(), 'test', 24)
    expected = OnnxClassifier(exported)(batch.images)
    found = OnnxClassifier(path)(batch.images)
    assert np.mean(found.argmax(1) == expected.argmax(1)) > 0.9
    assert np.mean(expected.argmax(1) == batch.labels) > 0.9  # had learnt
    data = OnnxClassifier(path).metadata
    assert json.loads(data['quantization']) == dict(
        calibration=method, images=32, reduce_range=False
    )
    assert data['classes'] == OnnxClassifier(exported).metadata['classes']


def test_what_the_graph_holds(
    exported: Path, train: ImageBatches, tmp_path: Path
) -> None:
    path = quantize_onnx(
        exported, tmp_path / 'int8.onnx', train, Calibration()
    )
    graph = onnx.load(path).graph
    weights = {
        item.name: onnx.numpy_helper.to_array(item)
        for item in graph.initializer
    }
    convolutions = [
        value
        for name, value in weights.items()
        if name.endswith('conv1.weight_quantized')
    ]
    assert len(convolutions) == 7  # the stem and two blocks of three stages
    assert all(value.dtype == np.int8 for value in convolutions)
    # Per channel: each reaches the largest magnitude of 8 bits.
    assert all(
        (np.abs(value.astype(int)).max(axis=(1, 2, 3)) == 127).all()
        for value in convolutions
    )
    (softmax,) = (node for node in graph.node if node.op_type == 'Softmax')
    (probabilities,) = softmax.output
    assert probabilities == 'probabilities'  # not rounded to 1/256


def test_calibration_reads_batch_by_batch(train: ImageBatches) -> None:
    reader = CalibrationBatches(train, 'image')
    seen = 0
    for start in range(len(reader)):
        reader.set_range(start, start + 1)
        assert reader.get_next()['image'].shape == (8, 3, 32, 32)
        assert reader.get_next() is None
        seen += 1
    assert seen == 4


def test_calibration_sees_every_class_unaugmented(
    resnet: Any, train: ImageBatches
) -> None:
    batches = list(train)
    labels = np.concatenate([batch.labels for batch in batches])
    assert set(labels[:8]) == {0, 1, 2, 3}
    again = ImageBatches(resnet.load_config(), 'train', 8, 32, seed=0)
    for first, second in zip(batches, again, strict=True):
        np.testing.assert_array_equal(first.images, second.images)


def test_no_batches_are_refused() -> None:
    with pytest.raises(InputError, match='at least one batch'):
        Calibration(num_batches=0)
