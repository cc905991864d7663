"""Attribute models with random weights, and images for them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.registry import MODELS, DefaultScope
from PIL import Image

from mmvision_ext.datasets.apascal_attributes import NAMES

SIZE = 32  # of the model's input, in pixels
WIDTH, HEIGHT = 60, 44  # of the images, in pixels
IMAGES = 'VOCdevkit/VOC2012/JPEGImages'
BOXES = ((0, 0, 30, 40), (19, 4, 60, 44))  # x1, y1, x2, y2


def make_attribute_data(root: str | Path, images: int = 4) -> Path:
    """Write images of noise, each with a cat and a fork.

    Args:
        root: Folder to make. It gets the images in ``VOCdevkit``, aPascal's
            two annotation files, with random attributes, and
            ``instances.json`` in COCO's format, with the same boxes.
        images: Number of images, ``0.jpg`` and so on.

    Returns:
        Folder of the images.
    """
    root = Path(root)
    folder = root / IMAGES
    folder.mkdir(parents=True)
    (root / 'apascal').mkdir()
    rng = np.random.default_rng(0)
    lines, entries, annotations = [], [], []
    for index in range(images):
        pixels = rng.integers(0, 256, (HEIGHT // 4, WIDTH // 4, 3), np.uint8)
        image = Image.fromarray(pixels).resize((WIDTH, HEIGHT))
        image.save(folder / f'{index}.jpg')
        size = dict(width=WIDTH, height=HEIGHT)
        entries.append(dict(id=index, file_name=f'{index}.jpg', **size))
        for category, (x1, y1, x2, y2) in enumerate(BOXES, start=1):
            vector = ' '.join(map(str, rng.integers(0, 2, len(NAMES))))
            corners = f'{x1 + 1} {y1 + 1} {x2} {y2}'  # from 1, inclusive
            lines.append(f'{index}.jpg cat {corners} {vector}')
            annotation = dict(
                id=len(lines),
                image_id=index,
                category_id=category,
                bbox=[x1, y1, x2 - x1, y2 - y1],
                area=(x2 - x1) * (y2 - y1),
                iscrowd=0,
            )
            annotations.append(annotation)
    for split in ('train', 'test'):
        path = root / 'apascal' / f'apascal_{split}.txt'
        path.write_text('\n'.join(lines) + '\n', encoding='utf-8')
    content = dict(
        images=entries,
        annotations=annotations,
        categories=[dict(id=1, name='cat'), dict(id=2, name='fork')],
    )
    (root / 'instances.json').write_text(json.dumps(content), 'utf-8')
    return folder


def object_config(root: Path) -> Config:
    """Config of a model of objects for :func:`make_attribute_data`.

    Args:
        root: Folder of the data.

    Returns:
        The config, with a ``test_dataloader``.
    """
    pipeline = [
        dict(type='mmvision_ext.LoadObjectCrop', size=SIZE, padding=4),
        dict(type='mmvision_ext.PackAttributes'),
    ]
    head = dict(
        type='mmvision_ext.AttributeHead',
        num_classes=len(NAMES),
        in_channels=64,
        hidden_channels=16,
    )
    data = dict(
        type='mmvision_ext.APascalAttributes',
        data_root=str(root),
        split='test',
        pipeline=pipeline,
    )
    return _config('ImageClassifier', head, data)


def image_config(root: Path) -> Config:
    """Config of a cross-modal model of whole images.

    Args:
        root: Folder of the data.

    Returns:
        The config, with a ``test_dataloader``.
    """
    pipeline = [
        dict(type='mmvision_ext.LoadUprightImage'),
        dict(type='Resize', scale=(SIZE, SIZE)),
        dict(type='mmvision_ext.PackAttributes'),
    ]
    head = dict(
        type='mmvision_ext.CrossModalAttributeHead',
        num_classes=139,
        in_channels=64,
        embed_channels=16,
        hidden_channels=16,
    )
    data = dict(
        type='mmvision_ext.COCONutAttributes',
        data_root=str(root),
        ann_file='instances.json',
        data_prefix=IMAGES,
        split='all',
        test_mode=True,
        pipeline=pipeline,
    )
    model = 'mmvision_ext.CrossModalAttributeClassifier'
    return _config(model, head, data)


def save_random(
    config: Config, path: Path, meta: dict[str, Any] | None, seed: int = 0
) -> Path:
    """Write random weights of a config's model.

    Args:
        config: The config.
        path: Checkpoint to write.
        meta: ``dataset_meta`` of the checkpoint; None leaves it out.
        seed: The same seed gives the same weights.

    Returns:
        The checkpoint.
    """
    torch.manual_seed(seed)
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        model = MODELS.build(config.model)
    for name, weights in model.head.named_parameters():
        if name.endswith('weight'):  # far enough from 0.5 to be told apart
            weights.data *= 4
    content: dict[str, Any] = dict(state_dict=model.state_dict())
    if meta is not None:
        content['meta'] = dict(dataset_meta=meta)
    torch.save(content, path)
    return path


def _config(
    model: str, head: dict[str, Any], dataset: dict[str, Any]
) -> Config:
    loader = dict(
        batch_size=3,
        num_workers=0,
        collate_fn=dict(type='default_collate'),
        sampler=dict(type='DefaultSampler', shuffle=False),
        dataset=dataset,
    )
    return Config(
        dict(
            default_scope='mmpretrain',
            model=dict(
                type=model,
                data_preprocessor=dict(
                    mean=[120.0] * 3, std=[60.0] * 3, to_rgb=True
                ),
                backbone=dict(
                    type='ResNet_CIFAR',
                    depth=18,
                    stem_channels=8,
                    base_channels=8,
                ),
                neck=dict(type='GlobalAveragePooling'),
                head=head,
            ),
            test_dataloader=loader,
            test_evaluator=[dict(type='mmvision_ext.AttributeMetric')],
        )
    )
