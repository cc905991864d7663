"""CIFAR-100 image by image."""

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DATASETS, DefaultScope
from mmengine.runner import Runner

from mmvision_ext.datasets import CIFAR100, TensorImageDataset
from mmvision_ext.datasets.cifar_files import CLASSES, read_cifar
from mmvision_ext.datasets.errors import DatasetError
from mmvision_ext.testing.small_cifar import make_cifar

NAMES = ('apple', 'bear', 'whale')
PACK = [dict(type='mmpretrain.PackInputs')]


@pytest.fixture(scope='module')
def root(tmp_path_factory):
    return make_cifar(tmp_path_factory.mktemp('cifar'), 'folders')


@pytest.fixture
def settings(root):
    return dict(data_root=str(root), metainfo=dict(classes=NAMES))


def test_samples(settings, root):
    expected = read_cifar(root, 'test')
    dataset = CIFAR100(**settings, split='test')
    assert len(dataset) == 12 and dataset.test_mode
    assert dataset.CLASSES == NAMES
    assert dataset.get_gt_labels().tolist() == expected.labels.tolist()
    sample = dataset[7]
    np.testing.assert_array_equal(
        sample['img'], expected.images[7].transpose(1, 2, 0)
    )
    assert sample['img_name'] == 'bear/0003.png'
    assert sample['img_shape'] == sample['ori_shape'] == (32, 32)
    assert dataset.metainfo['protocol'] == (
        '6 training and 4 test images a class'
    )


def test_same_samples_as_the_tensor_dataset(settings):
    stock = CIFAR100(**settings, pipeline=PACK, images_per_class=3)
    ours = TensorImageDataset(**settings, pipeline=PACK, images_per_class=3)
    assert len(stock) == len(ours) == 9
    assert stock.metainfo == ours.metainfo
    for one, other in zip(stock, ours, strict=True):
        assert torch.equal(one['inputs'], other['inputs'])
        assert torch.equal(
            one['data_samples'].gt_label, other['data_samples'].gt_label
        )
        assert one['data_samples'].sample_idx == (
            other['data_samples'].sample_idx
        )


def test_a_part_by_indices_would_state_a_wrong_protocol(settings):
    with pytest.raises(DatasetError, match='Set images_per_class'):
        CIFAR100(**settings, indices=5)


def test_builds_from_a_host(settings):
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        dataset = DATASETS.build(
            dict(type='mmvision_ext.CIFAR100', **settings)
        )
    assert isinstance(dataset, CIFAR100)


def test_stock_base_gives_batches(repository, tmp_path):
    make_cifar(tmp_path, 'pickles', CLASSES, 2, 1)
    cfg = Config.fromfile(
        repository / 'configs/_base_/datasets/cifar100_stock.py'
    )
    for loader, count in (
        (cfg.train_dataloader, 128),
        (cfg.val_dataloader, 100),
    ):
        loader.dataset.data_root = str(tmp_path)
        loader.update(num_workers=0, persistent_workers=False)
        with DefaultScope.overwrite_default_scope('mmpretrain'):
            built = Runner.build_dataloader(loader, seed=0)
        (batch,) = built
        assert batch['inputs'].shape == (count, 3, 32, 32)
        assert batch['inputs'].dtype == torch.uint8
        assert len(batch['data_samples']) == count
