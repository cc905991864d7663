"""A classifier of photos with random weights, and a video to try it on."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from mmengine.config import Config
from mmengine.registry import MODELS, DefaultScope

CLASSES = ('ant', 'bass', 'crab', 'dalmatian')
MEAN, STD = 120.0, 60.0
_CONFIG = """
default_scope = 'mmpretrain'
model = dict(
    type='ImageClassifier',
    data_preprocessor=dict(
        num_classes=4, mean=[{mean}] * 3, std=[{std}] * 3, to_rgb={to_rgb}
    ),
    backbone=dict(
        type='ResNet', depth=18, base_channels=8, stem_channels=8
    ),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(type='LinearClsHead', num_classes=4, in_channels=64),
)
test_dataloader = dict(
    dataset=dict(type='CustomDataset', data_root='.', pipeline={pipeline})
)
test_evaluator = [dict(type='mmvision_ext.ClassificationMetric')]
"""
PIPELINE = (
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(32, 32)),
    dict(type='PackInputs'),
)


def save_classifier(
    folder: Path,
    pipeline: Sequence[dict] = PIPELINE,
    to_rgb: bool = True,
) -> tuple[Path, Path]:
    """Write a config and weights of a small ResNet of four classes.

    Args:
        folder: Where to.
        pipeline: The test pipeline.
        to_rgb: Whether the preprocessor turns BGR into RGB.

    Returns:
        Config file and checkpoint.
    """
    path, checkpoint = folder / 'tiny_4xb8_photos.py', folder / 'random.pth'
    text = _CONFIG.format(
        mean=MEAN, std=STD, to_rgb=to_rgb, pipeline=list(pipeline)
    )
    path.write_text(text)
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        model = MODELS.build(Config.fromfile(path).model)
    _spread(model.eval())
    meta = dict(dataset_meta=dict(classes=CLASSES))
    torch.save(dict(state_dict=model.state_dict(), meta=meta), checkpoint)
    return path, checkpoint


@torch.no_grad()
def _spread(model: Any) -> None:
    """Scale the last layer, so that images differ in their classes."""
    colors = torch.randn(16, 3, 4, 4).repeat_interleave(8, 2)
    logits = model(colors.repeat_interleave(8, 3))
    layer = model.head.fc
    layer.weight.div_(logits.std(0).unsqueeze(1) / 2)
    logits = model(colors.repeat_interleave(8, 3))
    layer.bias.sub_(logits.mean(0))


def write_grey_video(path: Path, levels: Sequence[int]) -> Path:
    """Write a video of plain frames, 64 x 64 pixels, ten a second.

    Args:
        path: File to write, ``*.mp4``.
        levels: Grey of each frame, 0 to 255.

    Returns:
        The file.
    """
    code = cv2.VideoWriter.fourcc(*'mp4v')
    writer = cv2.VideoWriter(str(path), code, 10.0, (64, 64))
    for level in levels:
        writer.write(np.full((64, 64, 3), level, np.uint8))
    writer.release()
    return path
