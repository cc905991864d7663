"""A whole split as one tensor, and the loading of its batches."""

import logging

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import DefaultSampler
from mmengine.registry import DATA_SAMPLERS, FUNCTIONS, DefaultScope
from mmengine.runner import Runner
from mmpretrain.structures import DataSample

from mmvision_ext.datasets import (
    TensorBatchSampler,
    TensorImageDataset,
    keep_batch,
)
from mmvision_ext.datasets.cifar_files import CLASSES, read_cifar
from mmvision_ext.datasets.errors import DatasetError
from mmvision_ext.testing.small_cifar import make_cifar
from mmvision_ext.utils import InputError
from mmvision_ext.utils.config.check import dataset_classes
from mmvision_ext.utils.config.dataset_configs import split_faults

NAMES = ('apple', 'bear', 'whale')
PACK = [dict(type='mmpretrain.PackInputs')]


@pytest.fixture(scope='module')
def root(tmp_path_factory):
    return make_cifar(tmp_path_factory.mktemp('cifar'), 'stacks')


@pytest.fixture
def settings(root):
    """Arguments of the dataset."""
    return dict(
        data_root=str(root), metainfo=dict(classes=NAMES), device='cpu'
    )


@pytest.fixture
def dataset(settings):
    return TensorImageDataset(**settings)


@pytest.fixture
def loader(settings):
    """A data loader as the configs have it; options override."""

    def build(shuffle=True, seed=0, **options):
        cfg = dict(
            batch_size=4,
            num_workers=0,
            collate_fn=dict(type='mmvision_ext.keep_batch'),
            sampler=dict(type='DefaultSampler', shuffle=shuffle),
            batch_sampler=dict(type='mmvision_ext.TensorBatchSampler'),
            dataset=dict(type='mmvision_ext.TensorImageDataset', **settings),
        )
        with DefaultScope.overwrite_default_scope('mmpretrain'):
            return Runner.build_dataloader(cfg | options, seed=seed)

    return build


def test_a_tensor_of_indices_gives_a_batch(dataset, root):
    expected = read_cifar(root, 'train')
    batch = dataset.__getitems__(torch.tensor([17, 3, 3]))
    assert set(batch) == {'inputs', 'labels', 'sample_idx'}
    assert batch['inputs'].dtype == torch.uint8
    np.testing.assert_array_equal(
        batch['inputs'].numpy(), expected.images[[17, 3, 3]]
    )
    assert batch['labels'].tolist() == [2, 0, 0]
    assert batch['sample_idx'].tolist() == [17, 3, 3]


def test_a_batch_is_a_copy(dataset):
    before = dataset.images.clone()
    dataset.__getitems__(torch.tensor([0, 1]))['inputs'].zero_()
    assert torch.equal(dataset.images, before)


def test_a_list_of_indices_gives_samples(settings):
    dataset = TensorImageDataset(**settings, split='test', pipeline=PACK)
    samples = dataset.__getitems__([11, 0])
    assert [sample['data_samples'].sample_idx for sample in samples] == [11, 0]
    assert [int(s['data_samples'].gt_label) for s in samples] == [2, 0]
    assert torch.equal(samples[0]['inputs'], dataset.images[11])
    assert isinstance(keep_batch(samples)['data_samples'][0], DataSample)
    info = dataset.get_data_info(11)
    assert info['img'].shape == (32, 32, 3) and info['gt_label'] == 2
    assert info['img_name'] == 'whale.webp#3'


def test_metainfo_and_log(settings, caplog):
    with caplog.at_level(logging.INFO):
        dataset = TensorImageDataset(**settings, images_per_class=2)
    assert len(dataset) == 6
    assert dataset.metainfo == dict(
        classes=NAMES, protocol='2 training images a class'
    )


def test_device_is_where_the_gpu_is(settings, monkeypatch):
    name = 'mmvision_ext.datasets.tensor_images.is_cuda_available'
    settings['device'] = 'auto'
    monkeypatch.setattr(name, lambda: False)
    assert TensorImageDataset(**settings).device == torch.device('cpu')
    asked = []
    monkeypatch.setattr(name, lambda: True)
    monkeypatch.setattr(
        torch.Tensor, 'to', lambda self, device: asked.append(device) or self
    )
    TensorImageDataset(**settings)
    assert asked == ['cuda', 'cuda']


def test_other_classes_than_the_files(settings):
    settings['metainfo'] = dict(classes=('apple', 'bear', 'wolf'))
    with pytest.raises(DatasetError, match="'whale' in the place of 'wolf'"):
        TensorImageDataset(**settings)
    del settings['metainfo']
    with pytest.raises(DatasetError, match='the 100 classes .* found 3, the'):
        TensorImageDataset(**settings)


def test_an_epoch_has_every_image_once(loader):
    batches = list(loader())
    assert [len(batch['labels']) for batch in batches] == [4, 4, 4, 4, 2]
    order = torch.cat([batch['sample_idx'] for batch in batches])
    assert sorted(order.tolist()) == list(range(18))
    again = torch.cat([batch['sample_idx'] for batch in loader()])
    assert torch.equal(order, again)
    other = torch.cat([batch['sample_idx'] for batch in loader(seed=1)])
    assert not torch.equal(order, other)


def test_an_epoch_follows_the_sampler(loader):
    built = loader()
    first = torch.cat([batch['sample_idx'] for batch in built])
    built.batch_sampler.sampler.set_epoch(1)  # as DistSamplerSeedHook does
    second = torch.cat([batch['sample_idx'] for batch in built])
    assert not torch.equal(first, second)
    built.batch_sampler.sampler.set_epoch(0)
    again = torch.cat([batch['sample_idx'] for batch in built])
    assert torch.equal(first, again)


def test_drop_last(loader):
    sampler = dict(type='mmvision_ext.TensorBatchSampler', drop_last=True)
    built = loader(batch_sampler=sampler)
    assert len(built) == 4
    assert [len(batch['labels']) for batch in built] == [4] * 4
    with pytest.raises(InputError, match='at most the 18 images.* found 19'):
        loader(batch_sampler=sampler, batch_size=19)


def test_stock_batch_sampler_goes_image_by_image(loader, settings):
    dataset = dict(
        type='mmvision_ext.TensorImageDataset', pipeline=PACK, **settings
    )
    built = loader(shuffle=False, batch_sampler=None, dataset=dataset)
    batch = next(iter(built))
    assert batch['inputs'].shape == (4, 3, 32, 32)
    assert [s.sample_idx for s in batch['data_samples']] == [0, 1, 2, 3]


def test_worker_processes_need_images_on_the_cpu(loader, dataset, monkeypatch):
    assert len(list(loader(num_workers=1))) == 5
    monkeypatch.setattr(
        'mmvision_ext.datasets.tensor_images.get_worker_info', lambda: 1
    )
    dataset.images = type('OnGPU', (), dict(is_cuda=True))()
    with pytest.raises(DatasetError, match='num_workers: expected 0'):
        dataset.__getitems__(torch.tensor([0]))


def test_indices_lie_on_the_device_of_the_images(dataset):
    sampler = DefaultSampler(dataset, shuffle=False)
    dataset.images = dataset.images.to('meta')
    (batch,) = TensorBatchSampler(sampler, 18)
    assert batch.device == torch.device('meta')


def test_types_resolve_without_an_import():
    assert DATA_SAMPLERS.get('mmvision_ext.TensorBatchSampler') is (
        TensorBatchSampler
    )
    assert FUNCTIONS.get('mmvision_ext.keep_batch') is keep_batch


@pytest.mark.parametrize('kind', ['TensorImageDataset', 'CIFAR100'])
class TestConfigCheck:
    """What is known before any data is read."""

    def config(self, kind, **options):
        return dict(
            type=f'mmvision_ext.{kind}', data_root='data/cifar100', **options
        )

    def faults(self, kind, train, other):
        return split_faults(
            self.config(kind, **train),
            self.config(kind, **other),
            'mmpretrain',
        )

    def test_classes(self, kind):
        names = dataset_classes(self.config(kind), 'mmpretrain')
        assert tuple(names) == CLASSES and len(CLASSES) == 100
        own = self.config(kind, metainfo=dict(classes=NAMES))
        assert dataset_classes(own, 'mmpretrain') == NAMES

    def test_fitting_configs(self, kind):
        test = dict(split='test')
        assert self.faults(kind, dict(split='train'), test) == []
        assert self.faults(kind, {}, test | dict(images_per_class=3)) == []
        cut = dict(images_per_class=2)
        stated = test | dict(train_images_per_class=2)
        assert self.faults(kind, cut, stated) == []

    def test_faults(self, kind):
        test = dict(split='test')
        (fault,) = self.faults(kind, {}, {})
        assert "split is 'train' in both" in fault
        (fault,) = self.faults(kind, dict(images_per_class=2), test)
        assert 'images_per_class is 2' in fault and 'set it to 2' in fault
        own = test | dict(metainfo=dict(classes=NAMES))
        (fault,) = self.faults(kind, {}, own)
        assert 'metainfo.classes differ' in fault

    def test_other_folder_is_other_data(self, kind):
        other = self.config(kind) | dict(data_root='data/else')
        assert split_faults(self.config(kind), other, 'mmpretrain') == []


@pytest.mark.parametrize(
    'name', ['cifar100', 'cifar100_modern', 'cifar100_224', 'cifar100_stock']
)
def test_bases_fit_the_config_check(repository, name):
    cfg = Config.fromfile(repository / f'configs/_base_/datasets/{name}.py')
    for loader in (cfg.val_dataloader, cfg.test_dataloader):
        assert not split_faults(
            cfg.train_dataloader.dataset, loader.dataset, 'mmpretrain'
        )
        assert loader.dataset.split == 'test'
        assert loader.dataset.pipeline  # for tools that go image by image
    assert cfg.train_dataloader.batch_size == 128
    kind = cfg.train_dataloader.dataset.type
    stock = name == 'cifar100_stock'
    assert (kind == 'mmvision_ext.CIFAR100') == stock
    assert bool(cfg.data_preprocessor.augments) != stock
