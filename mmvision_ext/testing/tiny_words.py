"""Small detectors whose classes are words, with random weights."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.registry import MODELS, DefaultScope
from torch.nn import functional as F

from mmvision_ext.models.text import TextEmbeddings, write_embeddings

DIMENSIONS = 16

_BASE = '_base_/models/context-guided-rcnn_remoteclip-rn50_fpn.py'


def write_random_words(
    path: Path,
    words: Sequence[str],
    dims: int = DIMENSIONS,
    encoder: str = 'drawn',
) -> str:
    """Write an embedding file with random features.

    Args:
        path: ``*.safetensors``.
        words: K words.
        dims: Dimension of the features.
        encoder: Name of what made them.

    Returns:
        The path.
    """
    generator = torch.Generator().manual_seed(0)
    content = TextEmbeddings(
        names=tuple(words),
        features=F.normalize(
            torch.randn(len(words), dims, generator=generator)
        ),
        prompts=tuple((word,) for word in words),
        encoder=encoder,
    )
    write_embeddings(content, path)
    return str(path)


def word_detector_config(configs: Path, vocabulary: str) -> Config:
    """Config of a context-guided detector on ResNet-18.

    Args:
        configs: The folder ``configs``.
        vocabulary: Embedding file of :data:`DIMENSIONS`.

    Returns:
        The model, with a pyramid of 32 channels and few proposals.
    """
    config = Config.fromfile(configs / _BASE)
    changes: dict[str, Any] = {
        'vocabulary': vocabulary,
        'backbone': dict(_delete_=True, type='ResNet', depth=18),
        'neck.in_channels': [64, 128, 256, 512],
        'neck.out_channels': 32,
        'rpn_head.in_channels': 32,
        'rpn_head.feat_channels': 32,
        'roi_head.bbox_roi_extractor.out_channels': 32,
        'roi_head.bbox_head.in_channels': 32,
        'roi_head.bbox_head.fc_out_channels': 64,
        'roi_head.bbox_head.embed_dims': DIMENSIONS,
        'roi_head.context.in_channels': 512,
        'roi_head.context.project': True,
        'roi_head.context.embed_dims': DIMENSIONS,
        'roi_head.context.region_channels': 64,
        'train_cfg.rpn_proposal.max_per_img': 50,
        'test_cfg.rpn.max_per_img': 20,
        'test_cfg.rcnn.score_thr': 0.0,
    }
    config.merge_from_dict(
        {f'model.{key}': value for key, value in changes.items()}
    )
    return config


def add_word_data(config: Config, classes: Sequence[str], root: Path) -> None:
    """Add test data to a config, images of COCO's format at 64 px.

    Args:
        config: From :func:`word_detector_config`; changed.
        classes: Of the data.
        root: Folder with ``a.json`` and the images.
    """
    config.default_scope = 'mmdet'
    meta_keys = ('img_id', 'img_path', 'ori_shape', 'img_shape')
    config.test_dataloader = dict(
        dataset=dict(
            type='mmvision_ext.CocoInstanceDataset',
            with_mask=False,
            data_root=str(root),
            ann_file='a.json',
            data_prefix=dict(img=''),
            metainfo=dict(classes=tuple(classes)),
            test_mode=True,
            pipeline=[
                dict(type='LoadImageFromFile'),
                dict(type='Resize', scale=(64, 64), keep_ratio=True),
                dict(type='LoadAnnotations', with_bbox=True),
                dict(
                    type='PackDetInputs',
                    meta_keys=(*meta_keys, 'scale_factor'),
                ),
            ],
        )
    )


def save_word_detector(
    config: Config, path: Path, classes: Sequence[str]
) -> str:
    """Write random weights of a config's detector.

    Args:
        config: From :func:`word_detector_config`.
        path: Checkpoint to write.
        classes: The words that it remembers.

    Returns:
        The checkpoint.
    """
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmdet'):
        model = MODELS.build(config.model)
    meta = dict(dataset_meta=dict(classes=tuple(classes)))
    torch.save(dict(state_dict=model.state_dict(), meta=meta), path)
    return str(path)
