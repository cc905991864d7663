"""Exported detectors find what PyTorch finds, and the check can tell."""

import copy
import dataclasses
import json
import operator
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmcv.ops import batched_nms
from mmdet.models.task_modules.coders import DeltaXYWHBBoxCoder
from mmengine.config import Config
from mmengine.registry import MODELS, DefaultScope
from PIL import Image
from torch import nn

for _package in ('onnx', 'onnxruntime'):
    pytest.importorskip(_package, reason='extra deploy is not installed')

import onnx  # noqa: E402

from mmvision_ext.apis.inferencer import (  # noqa: E402
    array_pipeline,
    predict_arrays,
)
from mmvision_ext.apis.model import load_config  # noqa: E402
from mmvision_ext.deployment.detector_boxes import (  # noqa: E402
    BoxCoder,
    decode_boxes,
    pool_regions,
    suppress,
)
from mmvision_ext.deployment.detector_check import (  # noqa: E402
    Tolerance,
    check_detector,
    pick_images,
    require_same,
    with_other_shape,
)
from mmvision_ext.deployment.detector_export import (  # noqa: E402
    describe_detector,
    export_detector,
)
from mmvision_ext.deployment.detector_graph import TwoStageGraph  # noqa: E402
from mmvision_ext.deployment.detector_settings import (  # noqa: E402
    read_settings,
)
from mmvision_ext.deployment.latency import compare_latency  # noqa: E402
from mmvision_ext.deployment.session import OnnxDetector  # noqa: E402
from mmvision_ext.utils import InputError  # noqa: E402

SHAPES = ((96, 96), (60, 96), (96, 40), (33, 80))  # height, width


@pytest.fixture(scope='module')
def config(repository: Path, shapes_root: Path) -> Config:
    """Small Mask R-CNN for the generated devkit."""
    (path,) = (repository / 'configs/mask_rcnn').glob('*_shapes.py')
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('MMVISION_SHAPES_ROOT', str(shapes_root))
        config = Config.fromfile(path)
    for name in ('bbox', 'mask'):  # so that small boxes use all levels
        config.model.roi_head[f'{name}_roi_extractor'].finest_scale = 12
    return config


@pytest.fixture(scope='module')
def model(config: Config) -> Any:
    return build(config)


@pytest.fixture(scope='module')
def exported(model: Any, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp('export') / 'new' / 'mask.onnx'
    return export_detector(model, path, describe_detector(model, 'absent'))


@pytest.fixture(scope='module')
def images() -> list[np.ndarray]:
    """Blocks of colour of differing shape, BGR."""
    rng = np.random.default_rng(0)
    blocks = [
        rng.integers(0, 256, (-(-h // 8), -(-w // 8), 3), np.uint8)
        for h, w in SHAPES
    ]
    return [
        np.kron(block, np.ones((8, 8, 1), np.uint8))[:h, :w]
        for block, (h, w) in zip(blocks, SHAPES, strict=True)
    ]


@pytest.fixture(scope='module')
def saved(config: Config, model: Any, tmp_path_factory) -> tuple[Path, Path]:
    """Config file and checkpoint of the model."""
    root = tmp_path_factory.mktemp('model')
    config.dump(root / 'config.py')
    meta = {'dataset_meta': dict(model.dataset_meta)}
    weights = root / 'weights.pth'
    torch.save({'state_dict': model.state_dict(), 'meta': meta}, weights)
    return root / 'config.py', weights


def build(config: Config) -> Any:
    """Random weights; close scores would be ordered by rounding alone."""
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmdet'):
        model = MODELS.build(config.model).eval()
    heads = model.rpn_head, model.roi_head.bbox_head
    for layer, std in (
        (heads[0].rpn_cls, 0.5),
        (heads[0].rpn_reg, 0.1),
        (heads[1].fc_cls, 0.5),
        (heads[1].fc_reg, 0.1),
    ):
        torch.nn.init.normal_(layer.weight, std=std)
    if model.roi_head.with_mask:
        torch.nn.init.normal_(model.roi_head.mask_head.conv_logits.weight)
    model.cfg = config
    model.dataset_meta = dict(classes=('circle', 'square', 'triangle'))
    return model


def test_same_detections_as_pytorch(
    model: Any, exported: Path, images: list[np.ndarray]
) -> None:
    rows = check_detector(model, exported, images)
    assert [(row.height, row.width) for row in rows] == list(SHAPES)
    assert [row.found for row in rows] == [row.expected for row in rows]
    assert min(row.expected for row in rows) > 5
    require_same(rows, Tolerance(pixels=1e-2, score=1e-4, mask_iou=0.99))


def test_without_masks_and_for_one_size(
    config: Config, images: list[np.ndarray], tmp_path: Path
) -> None:
    config = copy.deepcopy(config)
    config.model.type = 'FasterRCNN'
    config.model.roi_head.mask_roi_extractor = None
    config.model.roi_head.mask_head = None
    faster = build(config)
    size = (128, 128)  # what the test pipeline makes of 96 x 96
    path = export_detector(
        faster,
        tmp_path / 'm.onnx',
        describe_detector(faster, 'absent', size),
        size,
    )
    (row,) = check_detector(faster, path, images[0])
    assert row.expected > 5
    require_same([row], Tolerance())
    assert json.loads(OnnxDetector(path).metadata['input_size']) == [128, 128]
    with pytest.raises(InputError, match='128 x 128.* found 80 x 128'):
        check_detector(faster, path, images[1])


def test_a_limit_of_minus_one_keeps_all_detections(
    config: Config, images: list[np.ndarray]
) -> None:
    config = copy.deepcopy(config)
    config.model.test_cfg.rcnn.max_per_img = -1
    model, pipeline = build(config), array_pipeline(config)
    [sample] = predict_arrays(model, pipeline, images[:1])
    image = pipeline(dict(img=images[0], img_id=0))['inputs'].float()
    with torch.no_grad():
        _, scores, *_ = TwoStageGraph(model)(image[None])
    assert len(scores) == len(sample.pred_instances) > 5


def test_an_image_with_nothing(
    config: Config, exported: Path, tmp_path: Path
) -> None:
    """Neither ONNX Runtime nor the masks may stumble on no detections."""
    config = copy.deepcopy(config)
    config.model.test_cfg.rcnn.score_thr = 0.999
    strict = build(config)
    path = export_detector(strict, tmp_path / 'm.onnx', {})
    found = OnnxDetector(path)(np.full((3, 64, 96), 128, np.float32))
    assert found.boxes.shape == (0, 4) and found.masks.shape == (0, 28, 28)


def test_an_altered_weight_is_found(
    model: Any, exported: Path, images: list[np.ndarray], tmp_path: Path
) -> None:
    content = onnx.load(exported)
    for item in content.graph.initializer:
        if item.name.endswith('fc_reg.weight'):
            values = onnx.numpy_helper.to_array(item) * 1.5
            item.CopyFrom(onnx.numpy_helper.from_array(values, item.name))
    onnx.save(content, tmp_path / 'altered.onnx')
    rows = check_detector(model, tmp_path / 'altered.onnx', images[:1])
    with pytest.raises(InputError, match='does not compute what the check'):
        require_same(rows, Tolerance())


@pytest.mark.parametrize(
    'change',
    [
        dict(found=3),
        dict(max_pixels=1.0),
        dict(max_score=float('nan')),
        dict(min_mask_iou=0.5),
    ],
)
def test_each_difference_counts(
    model: Any,
    exported: Path,
    images: list[np.ndarray],
    change: dict[str, float],
) -> None:
    rows = check_detector(model, exported, images[:1])
    with pytest.raises(InputError, match='expected the'):
        require_same([dataclasses.replace(rows[0], **change)], Tolerance())


def test_nothing_to_compare_is_no_success(
    model: Any, exported: Path, images: list[np.ndarray]
) -> None:
    rows = check_detector(model, exported, images[:1])
    none = dataclasses.replace(rows[0], expected=0, found=0)
    with pytest.raises(InputError, match='no detections to compare: give'):
        require_same([none, none], Tolerance())
    require_same([none, rows[0]], Tolerance())


def test_another_shape_is_added(images: list[np.ndarray]) -> None:
    first, part = with_other_shape(images[0])
    assert first is images[0] and part.shape == (72, 48, 3)
    assert len(with_other_shape([images[0], images[0]])) == 3
    assert len(with_other_shape(images[:2])) == 2


def test_an_operation_without_onnx_is_one_error(
    model: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture,
) -> None:
    def forward(self: Any, image: torch.Tensor) -> torch.Tensor:
        return torch.special.bessel_j0(image)

    monkeypatch.setattr(TwoStageGraph, 'forward', forward)
    with pytest.raises(InputError, match='found UnsupportedOperator') as info:
        export_detector(model, tmp_path / 'm.onnx', {})
    assert '\n' not in str(info.value)
    assert 'graph(' not in capfd.readouterr().out


def test_images_of_differing_shape_are_picked(
    config: Config, shapes_root: Path
) -> None:
    picked = pick_images(config)
    assert len(set(picked)) == 4
    assert all(Path(path).is_file() for path in picked)


def test_boxes_move_as_in_mmdet() -> None:
    generator = torch.Generator().manual_seed(0)
    corners = torch.rand(50, 2, generator=generator) * 80
    sides = torch.rand(50, 2, generator=generator) * 60
    boxes = torch.cat([corners, corners + sides], 1)
    deltas = torch.randn(50, 4, generator=generator) * 20
    stds = (0.1, 0.1, 0.2, 0.2)
    for clips in (True, False):
        coder = DeltaXYWHBBoxCoder(target_stds=stds, clip_border=clips)
        expected = coder.decode(boxes, deltas, max_shape=(70, 90))
        found = decode_boxes(
            boxes,
            deltas,
            BoxCoder((0.0,) * 4, stds, clips),
            torch.tensor([70, 90]),
        )
        torch.testing.assert_close(found, expected)


def test_suppression_as_in_mmcv() -> None:
    generator = torch.Generator().manual_seed(0)
    corners = torch.rand(200, 2, generator=generator) * 40
    boxes = torch.cat([corners, corners + 20], 1)
    scores = torch.rand(200, generator=generator)
    groups = torch.randint(0, 3, (200,), generator=generator)
    settings = dict(type='nms', iou_threshold=0.4)
    _, expected = batched_nms(boxes, scores, groups, settings)
    found = suppress(boxes, scores, groups, 0.4)
    assert found.tolist() == expected.tolist()
    assert 3 < len(found) < 100


def test_regions_as_in_mmdet(model: Any) -> None:
    generator = torch.Generator().manual_seed(0)
    extractor = model.roi_head.bbox_roi_extractor
    maps = [
        torch.randn(1, 64, side, side, generator=generator)
        for side in (64, 32, 16)
    ]
    corners = torch.rand(30, 2, generator=generator) * 200
    sides = torch.rand(30, 2, generator=generator) * 80
    boxes = torch.cat([corners, corners + sides], 1)
    rois = torch.cat([torch.zeros(30, 1), boxes], 1)
    features, order = pool_regions(extractor, maps, boxes)
    torch.testing.assert_close(features, extractor(maps, rois)[order])
    assert order.tolist() != list(range(30))


@pytest.mark.parametrize(
    ('key', 'value', 'message'),
    [
        (
            'test_cfg.rpn.nms.type',
            'soft_nms',
            r'test_cfg\.rpn\.nms\.type: expected nms.*found soft_nms',
        ),
        (
            'test_cfg.rcnn.nms.max_num',
            5,
            r'test_cfg\.rcnn\.nms: expected type and iou_thr.* found max_num',
        ),
        (
            'roi_head.bbox_head',
            nn.Identity(),
            r'roi_head\.bbox_head: expected .*Shared2FCBBoxHead.* Identity',
        ),
        (
            'roi_head.mask_head',
            nn.Identity(),
            r'roi_head\.mask_head: expected FCNMaskHead, .* found Identity',
        ),
        (
            'roi_head.bbox_head.loss_cls.custom_cls_channels',
            True,
            r'.*custom_cls_channels: expected False, .* found True',
        ),
    ],
)
def test_what_is_not_computed_is_refused(
    model: Any, key: str, value: Any, message: str
) -> None:
    model = copy.deepcopy(model)
    place, _, name = key.rpartition('.')
    setattr(operator.attrgetter(place)(model), name, value)
    with pytest.raises(InputError, match=rf'^model\.{message}'):
        read_settings(model)


def test_sparse_rcnn_is_refused(repository: Path) -> None:
    (path,) = (repository / 'configs/sparse_rcnn').glob('*_shapes.py')
    with DefaultScope.overwrite_default_scope('mmdet'):
        model = MODELS.build(Config.fromfile(path).model)
    with pytest.raises(InputError, match=r'model\.type: .* found SparseRCNN'):
        TwoStageGraph(model)


def test_the_tool_ends_with_status_2_beyond_the_tolerance(
    tool: Callable[..., None],
    saved: tuple[Path, Path],
    images: list[np.ndarray],
    tmp_path: Path,
    capsys: pytest.CaptureFixture,
) -> None:
    Image.fromarray(images[1]).save(tmp_path / 'photo.png')
    out = ('--out', tmp_path / 'm.onnx')
    arguments = (*saved, *out, '--images', tmp_path / 'photo.png')
    with pytest.raises(SystemExit) as end:
        tool('export_onnx', *arguments, '--tolerance', 0)
    assert end.value.code == 2
    printed = capsys.readouterr()
    assert 'photo.png (96 x 60)' in printed.out
    assert 'error: export: expected the' in printed.err
    assert [*tmp_path.glob('*.onnx')] == [tmp_path / 'm.unchecked.onnx']
    with pytest.raises(SystemExit):
        tool('export_onnx', *arguments, '--batch-size', 1)
    assert '--batch-size: expected none for' in capsys.readouterr().err


def test_ways_of_a_detector(
    saved: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nn.Module, 'compile', lambda self: None)
    rows, protocol = compare_latency(load_config(saved[0]), saved[1], rounds=2)
    eager, compiled, exported, small = rows
    assert compiled.max_difference == 0
    assert exported.max_difference < 1e-2
    assert small.latency_ms > 0 and not small.note.startswith('not possible')
    assert '128 x 128 (height' in protocol.data and 'pixels' in protocol.method
