"""Samples are drawn with the pixels and the targets that the network gets."""

import itertools
from pathlib import Path

import cv2
import numpy as np
import pytest
from mmengine.config import Config

from mmvision_ext.apis.browse import draw_input, iter_inputs, write_pages
from mmvision_ext.apis.browse.draw import IGNORED_COLOR
from mmvision_ext.datasets.cifar_files import CLASSES
from mmvision_ext.testing.image_folders import make_class_folders
from mmvision_ext.testing.shapes_devkit import make_shapes_devkit
from mmvision_ext.testing.small_cifar import make_cifar
from mmvision_ext.testing.tiny_attributes import (
    make_attribute_data,
    object_config,
)
from mmvision_ext.utils import InputError


def _detection(root: Path, flip: float) -> Config:
    """VOC with masks, one image a batch, flipped with a probability."""
    pipeline = [
        dict(type='LoadImageFromFile', backend_args=None),
        dict(type='LoadAnnotations', with_bbox=True, with_mask=True),
        dict(type='RandomFlip', prob=flip),
        dict(type='PackDetInputs'),
    ]
    loader = dict(
        batch_size=1,
        num_workers=2,
        persistent_workers=True,
        sampler=dict(type='DefaultSampler', shuffle=False),
        dataset=dict(
            type='mmvision_ext.VOCInstanceDataset',
            data_root=str(root),
            ann_file='ImageSets/Segmentation/val.txt',
            metainfo=dict(classes=('circle', 'square', 'triangle')),
            test_mode=True,
            pipeline=pipeline,
        ),
    )
    preprocessor = dict(
        type='DetDataPreprocessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        bgr_to_rgb=True,
        pad_mask=True,
        pad_size_divisor=96,
    )
    return Config(
        dict(
            default_scope='mmdet',
            model=dict(type='MaskRCNN', data_preprocessor=preprocessor),
            train_dataloader=loader,
        )
    )


@pytest.fixture(scope='module')
def devkit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two images of shapes, 80 px."""
    root = tmp_path_factory.mktemp('shapes')
    return make_shapes_devkit(root, num_train=1, num_val=2, image_size=80)


@pytest.mark.parametrize('flip', [0.0, 1.0])
def test_pixels_boxes_and_masks_of_a_detector(
    devkit: Path, flip: float
) -> None:
    for item in iter_inputs(_detection(devkit, flip), 'train'):
        image = cv2.imread(item.sample.img_path)[..., ::-1]
        expected = image[:, ::-1] if flip else image
        assert item.pixels.shape == (80, 80, 3)  # 96 with its padding
        assert np.abs(item.pixels.astype(int) - expected).max() <= 1
        boxes = item.sample.gt_instances.bboxes.numpy()
        masks = item.sample.gt_instances.masks.to_ndarray()
        for box, mask in zip(boxes, masks, strict=True):
            assert mask[:, int(box[0]) : int(box[2])].sum() == mask.sum()
        picture, caption = draw_input(item)
        name = Path(item.sample.img_path).name
        count = len(boxes)
        plural = '' if count == 1 else 's'
        assert caption == f'{name}\n80 x 80, {count} object{plural}'
        assert picture.shape[0] == picture.shape[1]


@pytest.mark.parametrize(
    ('learnt', 'with_mask'), [(0, True), (1, True), (1, False)]
)
def test_ignored_objects_are_grey(
    devkit: Path, learnt: int, with_mask: bool
) -> None:
    items = [
        item
        for item in iter_inputs(_detection(devkit, 0.0), 'train')
        if len(item.sample.gt_instances) > 1
    ]
    objects = items[0].sample.gt_instances
    before = (draw_input(items[0])[0] == IGNORED_COLOR).all(-1).sum()
    items[0].sample.gt_instances = objects[:learnt]
    ignored = objects[learnt:]
    if not with_mask:
        del ignored.masks
    items[0].sample.ignored_instances = ignored
    picture, caption = draw_input(items[0])
    assert (picture == IGNORED_COLOR).all(-1).sum() > before + 100
    counts = f'{learnt} object{"" if learnt else "s"}'
    assert caption.endswith(f', {counts}, {len(objects) - learnt} ignored')


def test_classes_in_the_order_of_the_channels(tmp_path: Path) -> None:
    make_class_folders(tmp_path / 'data', ('ant', 'bee'), images_per_class=1)
    pipeline = [dict(type='LoadImageFromFile'), dict(type='PackInputs')]
    loader = dict(
        batch_size=2,
        sampler=dict(type='DefaultSampler', shuffle=False),
        dataset=dict(
            type='CustomDataset',
            data_root=str(tmp_path / 'data'),
            pipeline=pipeline,
        ),
    )
    config = Config(
        dict(
            default_scope='mmpretrain',
            data_preprocessor=dict(
                mean=[127.5] * 3, std=[127.5] * 3, to_rgb=True
            ),
            model=dict(type='ImageClassifier'),
            test_dataloader=loader,
        )
    )
    items = list(iter_inputs(config, 'test'))
    for item, name in zip(items, ('ant', 'bee'), strict=True):
        expected = cv2.imread(item.sample.img_path)[..., ::-1]
        assert np.abs(item.pixels.astype(int) - expected).max() <= 1
        assert draw_input(item)[1].splitlines()[1:] == ['32 x 32', name]


def test_mixtures_of_classes(tmp_path: Path, repository: Path) -> None:
    make_cifar(tmp_path / 'cifar', 'folders', CLASSES, train_images=1)
    path = 'configs/cifar100/convnext-tiny_1xb128-200e_cifar100.py'
    config = Config.fromfile(repository / path)
    config.train_dataloader.dataset.data_root = str(tmp_path / 'cifar')
    config.train_dataloader.batch_size = 100
    [item] = itertools.islice(iter_inputs(config, 'train'), 1)
    assert item.pixels.shape == (32, 32, 3)
    size, classes = draw_input(item)[1].splitlines()
    shares = [float(part.rpartition(' ')[2]) for part in classes.split(', ')]
    assert size == '32 x 32' and sum(shares) == pytest.approx(1, abs=0.02)


def test_attributes_and_pages(tmp_path: Path) -> None:
    make_attribute_data(tmp_path / 'data')
    config = object_config(tmp_path / 'data')
    items = list(iter_inputs(config, 'test'))
    names = items[0].metainfo['classes']
    for item in items:
        scores = item.sample.gt_score.tolist()
        present = [n for n, s in zip(names, scores, strict=True) if s]
        line = draw_input(item)[1].splitlines()[-1]
        shown, _, more = line.partition(' and ')
        assert shown.split(', ') == (present[:8] or ['no attribute'])
        assert bool(more) == (len(present) > 8)
    pages = write_pages(items, 2, tmp_path / 'out', 'title')
    assert [page.name for page in pages] == ['page_01.png']
    assert cv2.imread(str(pages[0])).shape[1] > 700


def test_no_samples_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match='limit: expected at least 1'):
        write_pages([], 0, tmp_path, 'title')


def test_a_loader_that_is_not_there() -> None:
    with pytest.raises(InputError, match='val_dataloader: expected in'):
        next(iter_inputs(Config(dict(model={})), 'val'))


def test_no_folder_is_left_where_data_are_missing(tmp_path: Path) -> None:
    config = _detection(tmp_path / 'gone', 0.0)
    with pytest.raises(InputError, match='gone'):
        write_pages(iter_inputs(config, 'train'), 1, tmp_path / 'out', 'title')
    assert not (tmp_path / 'out').exists()
