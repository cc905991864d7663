"""A detector with attributes: command lines, then inference."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from mmdet.apis import inference_detector
from PIL import Image

from mmvision_ext.apis import DetectionInferencer

SIZE = 64  # pixels
CONFIG = """
_base_ = [
    'mmdet::_base_/models/faster-rcnn_r50_fpn.py',
    '{configs}/_base_/datasets/apascal_detection_small.py',
    '{configs}/_base_/schedules/sgd_12e.py',
    '{configs}/_base_/default_runtime_det.py',
]
width = 16
model = dict(
    backbone=dict(
        depth=18,
        base_channels=8,
        stem_channels=8,
        frozen_stages=-1,
        init_cfg=None,
    ),
    neck=dict(in_channels=[8, 16, 32, 64], out_channels=width),
    rpn_head=dict(in_channels=width, feat_channels=width),
    roi_head=dict(
        type='mmvision_ext.AttributeRoIHead',
        bbox_roi_extractor=dict(
            roi_layer=dict(sampling_ratio=1), out_channels=width
        ),
        bbox_head=dict(in_channels=width, fc_out_channels=32, num_classes=20),
        attribute_head=dict(
            num_classes=64, in_channels=width, hidden_channels=16
        ),
    ),
    test_cfg=dict(rcnn=dict(score_thr=0.0)),
)
loader = dict(num_workers=0, persistent_workers=False)
train_dataloader = dict(batch_size=2, **loader)
val_dataloader = loader
test_dataloader = loader
train_cfg = dict(max_epochs=1)
"""


def _write(root: Path, part: str, names: list[str]) -> None:
    """Write images with a square each, and their attributes."""
    rng = np.random.default_rng(len(names))
    lines = []
    for name in names:
        image = rng.integers(0, 99, (SIZE, SIZE, 3), dtype=np.uint8)
        x, y = rng.integers(0, SIZE // 2, 2)
        image[y : y + 24, x : x + 24] = 200
        folder = root / 'VOCdevkit/VOC2012/JPEGImages'
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(folder / name)
        vector = ' '.join(map(str, rng.integers(0, 2, 64)))
        lines.append(f'{name} cat {x + 1} {y + 1} {x + 24} {y + 24} {vector}')
    (root / 'apascal').mkdir(exist_ok=True)
    path = root / 'apascal' / f'apascal_{part}.txt'
    path.write_text('\n'.join(lines) + '\n')


@pytest.fixture(scope='module')
def trained(
    repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path]:
    """Config and work directory of two iterations and a validation."""
    root = tmp_path_factory.mktemp('apascal')
    _write(root, 'train', [f'{index}.jpg' for index in range(5)])
    _write(root, 'test', ['7.jpg', '8.jpg'])
    config = root / 'tiny.py'
    config.write_text(CONFIG.format(configs=repository / 'configs'))
    work_dir = root / 'work_dir'
    _run(repository, root, 'train', config, '--work-dir', work_dir)
    return config, work_dir


def _run(repository: Path, root: Path, tool: str, *arguments: object) -> str:
    done = subprocess.run(
        [
            sys.executable,
            str(repository / 'tools' / f'{tool}.py'),
            *map(str, arguments),
        ],
        cwd=repository,
        env={
            **os.environ,
            'MMVISION_DATA_ROOT': str(root),
            'OMP_NUM_THREADS': '1',
        },
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return done.stdout + done.stderr


def test_train_and_test(trained: tuple[Path, Path], repository: Path) -> None:
    config, work_dir = trained
    [best] = work_dir.glob('best_attributes_mAP_epoch_1.pth')
    out = work_dir / 'tested'
    text = _run(
        repository,
        config.parent,
        'test',
        config,
        best,
        '--work-dir',
        out,
        '--cfg-options',
        f'test_evaluator.0.out_dir={out / "tables"}',
    )
    assert 'objects found' in text
    [path] = out.glob('*/2*.json')
    metrics = json.loads(path.read_text())
    for key in ('attributes/mAP', 'attributes/recall', 'coco/bbox_mAP'):
        assert metrics[key] is not None
    assert 'Clear' in (out / 'tables' / 'attributes.csv').read_text()


def test_inference(
    trained: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    config, work_dir = trained
    root = config.parent
    monkeypatch.setenv('MMVISION_DATA_ROOT', str(root))
    path = root / 'VOCdevkit/VOC2012/JPEGImages/7.jpg'
    detect = DetectionInferencer(
        config, work_dir / 'epoch_1.pth', 'cpu', score_thr=0.0
    )
    [result] = detect(path, progress=False)
    found = inference_detector(detect.model, str(path)).pred_instances
    assert len(found) and found.attribute_scores.shape == (len(found), 64)
    order = torch.argsort(found.scores, descending=True, stable=True)
    np.testing.assert_allclose(
        result.boxes, found.bboxes[order].numpy(), atol=1e-3
    )
