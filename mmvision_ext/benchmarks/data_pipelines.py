"""Pipelines of the project against those of the hosts, in one process."""

import json
import os.path as osp
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from mmengine.registry import DATASETS, MODELS, DefaultScope
from mmengine.runner import Runner

from mmvision_ext.datasets.crop_benchmark import Samples, measure_crops
from mmvision_ext.datasets.metadata import load_metadata
from mmvision_ext.engine.speed.configs import Way, speed_config
from mmvision_ext.testing import SHAPE_CLASSES, make_shapes_devkit
from mmvision_ext.testing.shapes_devkit import draw_scene
from mmvision_ext.testing.small_cifar import make_cifar
from mmvision_ext.utils.config.read import read_config

from .row import BenchmarkRow
from .timing import processor_seconds

_CIFAR = 'configs/cifar100/resnet20_1xb128-200e_cifar100.py'
_VOC = 'configs/_base_/datasets/voc_detection.py'
_BATCH = 128
_OBJECTS = 8  # of an image that is cropped


def run(quick: bool) -> list[BenchmarkRow]:
    """Time an epoch of each pipeline on generated images.

    Args:
        quick: Whether to take few images, once.

    Returns:
        A row a pipeline.
    """
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        return [
            _cifar(root / 'cifar', quick),
            _voc(root / 'voc', quick),
            _crops(root / 'crops', quick),
        ]


def _cifar(root: Path, quick: bool) -> BenchmarkRow:
    """Batches of a tensor against images one by one."""
    classes = load_metadata('cifar100')['classes']
    make_cifar(root, 'pickles', classes, 3 if quick else 40)
    batches = dict(
        ours=_cifar_batches(root, 'ours'), stock=_cifar_batches(root, 'stock')
    )
    rate, peer = _rates(batches, 'CIFAR-100', quick)
    return BenchmarkRow(
        what=f'CIFAR-100: crop, flip and normalise, batches of {_BATCH}',
        ours=rate,
        peer_name='mmpretrain, image by image',
        peer=peer,
        unit='images/s',
    )


def _cifar_batches(root: Path, way: Way) -> Callable[[], int]:
    """An epoch from the data set to the input of the network."""
    config = speed_config(_CIFAR, way, 'float32', 3, _BATCH, workers=0)
    settings = config.train_dataloader.to_dict()
    settings['dataset'].update(data_root=str(root), images_per_class=None)
    settings['pin_memory'] = False
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        loader = Runner.build_dataloader(settings)
        preprocessor = MODELS.build(config.data_preprocessor.to_dict())

    def epoch() -> int:
        return sum(
            len(preprocessor(batch, training=True)['inputs'])
            for batch in loader
        )

    return epoch


def _voc(root: Path, quick: bool) -> BenchmarkRow:
    """The same transforms on our data set and on MMDetection's."""
    year = make_shapes_devkit(
        root / 'VOC2012',
        num_train=4 if quick else 60,
        num_val=1,
        image_size=480,
    )
    pipeline = read_config(_VOC).train_pipeline
    common: dict[str, Any] = dict(
        metainfo=dict(classes=SHAPE_CLASSES), pipeline=pipeline
    )
    image_list = 'ImageSets/Main/train.txt'
    with DefaultScope.overwrite_default_scope('mmdet'):
        ours = DATASETS.build(
            dict(
                type='mmvision_ext.VOCInstanceDataset',
                with_mask=False,
                data_root=str(year),
                ann_file=image_list,
                **common,
            )
        )
        stock = DATASETS.build(
            dict(
                type='mmdet.VOCDataset',
                data_root=str(root),
                ann_file=f'VOC2012/{image_list}',
                data_prefix=dict(sub_data_root='VOC2012/'),
                **common,
            )
        )
    names = dict(ours=_reader(ours), stock=_reader(stock))
    rate, peer = _rates(names, 'VOC', quick)
    return BenchmarkRow(
        what='VOC: file, boxes, resize to 1000 x 600 and flip',
        ours=rate,
        peer_name='mmdet.VOCDataset',
        peer=peer,
        unit='images/s',
    )


def _reader(dataset: Any) -> Callable[[], int]:
    """An epoch of a data set alone."""

    def epoch() -> int:
        for index in range(len(dataset)):
            dataset[index]
        return len(dataset)

    return epoch


def _rates(
    epochs: dict[str, Callable[[], int]], name: str, quick: bool
) -> tuple[float, float]:
    """Images a second of ``'ours'`` and ``'stock'``."""
    images = {way: epoch() for way, epoch in epochs.items()}
    seconds = processor_seconds(epochs, 1 if quick else 5, name, warm_up=0)
    return (
        images['ours'] / seconds['ours'],
        images['stock'] / seconds['stock'],
    )


def _crops(root: Path, quick: bool) -> BenchmarkRow:
    """Objects of an image that share its decode against one decode each."""
    ann_file = _write_objects(root, 4 if quick else 24)
    speed = measure_crops(
        Samples(ann_file, str(root), _OBJECTS),
        'by image',
        repeats=1 if quick else 3,
    )
    return BenchmarkRow(
        what=f'crops of {_OBJECTS} objects an image, 224 px',
        ours=speed.shared,
        peer_name='one decode a crop',
        peer=speed.single,
        unit='crops/s',
    )


def _write_objects(root: Path, count: int) -> str:
    """Write images of 480 px with boxes in COCO's form."""
    root.mkdir()
    rng = np.random.default_rng(0)
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for number in range(1, count + 1):
        name = f'{number}.jpg'
        cv2.imwrite(osp.join(root, name), draw_scene(rng, 480)[0])
        images.append(dict(id=number, file_name=name, width=480, height=480))
        for x, y in rng.integers(0, 320, (_OBJECTS, 2)).tolist():
            annotations.append(
                dict(
                    id=len(annotations) + 1,
                    image_id=number,
                    category_id=1,
                    bbox=[x, y, 160, 120],
                )
            )
    content = dict(
        images=images,
        annotations=annotations,
        categories=[dict(id=1, name='object')],
    )
    path = root / 'instances.json'
    path.write_text(json.dumps(content))
    return str(path)
