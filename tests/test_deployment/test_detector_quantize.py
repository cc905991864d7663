"""The networks of a detector become int8, its boxes stay as they are."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import MODELS, DefaultScope
from mmengine.structures import InstanceData

for _package in ('onnx', 'onnxruntime'):
    pytest.importorskip(_package, reason='extra deploy is not installed')

import onnx  # noqa: E402

from mmvision_ext.deployment import detector_quantize  # noqa: E402
from mmvision_ext.deployment.compare_quantized import (  # noqa: E402
    compare_quantized,
)
from mmvision_ext.deployment.quantize import Calibration  # noqa: E402
from mmvision_ext.deployment.session import OnnxDetector  # noqa: E402
from mmvision_ext.utils import InputError  # noqa: E402


@pytest.fixture(scope='module')
def config(repository: Path, shapes_root: Path) -> Config:
    """Small Mask R-CNN for the generated devkit."""
    (path,) = (repository / 'configs/mask_rcnn').glob('*_shapes.py')
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('MMVISION_SHAPES_ROOT', str(shapes_root))
        return Config.fromfile(path)


@pytest.fixture(scope='module')
def weights(config: Config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random ones, with scores far enough apart to have an order."""
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmdet'):
        model = MODELS.build(config.model)
    torch.nn.init.normal_(model.rpn_head.rpn_cls.weight, std=0.5)
    torch.nn.init.normal_(model.roi_head.bbox_head.fc_cls.weight, std=0.5)
    path = tmp_path_factory.mktemp('weights') / 'detector.pth'
    meta = {'dataset_meta': dict(classes=('circle', 'square', 'triangle'))}
    torch.save({'state_dict': model.state_dict(), 'meta': meta}, path)
    return path


class Oracle:
    """Finds what is there, with empty masks.

    Args:
        shift: Pixels that the boxes are off.
    """

    def __init__(self, shift: float) -> None:
        self.shift = shift

    def test_step(self, data: dict[str, Any]) -> list[Any]:
        """Predict the boxes of the annotations."""
        (sample,) = data['data_samples']
        truth = sample.gt_instances
        count = len(truth)
        sample.pred_instances = InstanceData(
            bboxes=truth.bboxes.tensor + self.shift,
            labels=truth.labels,
            scores=torch.ones(count),
            masks=torch.zeros(count, *sample.ori_shape, dtype=torch.bool),
        )
        return [sample]


@pytest.fixture(scope='module')
def quantized(
    config: Config, weights: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, list[Any], Any]:
    """The folder, the stages and the protocol; evaluated by oracles."""
    folder = tmp_path_factory.mktemp('quantized')
    with pytest.MonkeyPatch.context() as patch:
        oracles = iter([Oracle(0), Oracle(1000)])
        patch.setattr(
            detector_quantize, 'load_exported', lambda *_: next(oracles)
        )
        stages, protocol = compare_quantized(
            config, weights, folder, Calibration(2, 2), rounds=2
        )
    return folder, stages, protocol


def test_report(quantized: tuple[Path, list[Any], Any]) -> None:
    _, (full, small), protocol = quantized
    assert full.box_ap50 == pytest.approx(100) and small.box_ap50 == 0
    assert full.mask_ap50 == 0 and full.top1 is None
    assert small.size_mib < 0.45 * full.size_mib
    assert 'over 4 training images' in protocol.method


def test_the_last_layers_stay_in_float32(
    quantized: tuple[Path, list[Any], Any],
) -> None:
    graph = onnx.load(quantized[0] / 'model_int8.onnx').graph
    made_by = {name: node for node in graph.node for name in node.output}
    is_int8 = {
        node.name: made_by[node.input[1]].op_type == 'DequantizeLinear'
        if node.input[1] in made_by
        else False
        for node in graph.node
        if node.op_type in ('Conv', 'ConvTranspose', 'Gemm')
    }
    last = ('rpn_cls', 'rpn_reg', 'fc_cls', 'fc_reg', 'conv_logits')
    for name, answer in is_int8.items():
        assert answer != any(part in name for part in last), name
    assert sum(not answer for answer in is_int8.values()) == 2 * 3 + 2 + 1


def test_scores_are_close(
    quantized: tuple[Path, list[Any], Any], config: Config
) -> None:
    rng = np.random.default_rng(0)
    image = np.kron(rng.integers(0, 256, (3, 12, 12)), np.ones((8, 8)))
    full, small = (
        OnnxDetector(quantized[0] / f'model_{kind}.onnx')(
            image.astype(np.float32)
        )
        for kind in ('fp32', 'int8')
    )
    assert len(full.scores) and full.masks.shape[1:] == (28, 28)
    best = min(5, len(full.scores), len(small.scores))
    np.testing.assert_allclose(
        small.scores[:best], full.scores[:best], atol=0.15
    )


def test_an_evaluator_without_average_precision(config: Config) -> None:
    with pytest.raises(InputError, match='gives bbox_mAP_50, found loss in'):
        detector_quantize._average_precision(dict(loss=1.0), config)


def test_a_missing_evaluator_is_told_before_the_work(
    config: Config, tmp_path: Path
) -> None:
    without = config.copy()
    without.test_evaluator = None
    with pytest.raises(InputError, match='test_evaluator: expected in .*py'):
        compare_quantized(
            without, tmp_path / 'none.pth', tmp_path, Calibration(2, 2)
        )
