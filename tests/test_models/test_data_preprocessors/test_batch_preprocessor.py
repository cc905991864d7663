"""The batch preprocessor against mmpretrain's, for batches and samples."""

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import MODELS, DefaultScope
from mmpretrain.models import ClsDataPreprocessor
from mmpretrain.structures import DataSample
from PIL import Image

from mmvision_ext.models import BatchDataPreprocessor
from mmvision_ext.structures import ClassificationBatch
from mmvision_ext.utils import InputError

MEAN, STD = [129.30, 124.07, 112.43], [68.17, 65.39, 70.42]
FLIP = dict(type='mmvision_ext.BatchRandomFlip', prob=1.0)
MIX = dict(type='mmvision_ext.BatchMixup', alpha=1.0, num_classes=4)


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(0)
    return dict(
        inputs=torch.randint(
            256, (6, 3, 32, 32), dtype=torch.uint8, generator=generator
        ),
        labels=torch.tensor([0, 1, 2, 3, 0, 1]),
        sample_idx=torch.arange(10, 16),
    )


@pytest.fixture
def stock(batch):
    """The same as mmengine's ``default_collate`` makes it."""
    samples = [
        DataSample().set_gt_label(label) for label in batch['labels'].tolist()
    ]
    return dict(inputs=batch['inputs'], data_samples=samples)


def make(**options):
    return BatchDataPreprocessor(MEAN, STD, **options)


@pytest.mark.parametrize('training', [False, True])
@pytest.mark.parametrize('channels_last', [False, True])
def test_equals_mmpretrain(batch, stock, training, channels_last):
    expected = ClsDataPreprocessor(mean=MEAN, std=STD)(stock)['inputs']
    before = batch['inputs'].clone()
    result = make(channels_last=channels_last)(batch, training)
    assert result['inputs'].dtype == torch.float32
    assert torch.equal(result['inputs'], expected)
    assert torch.equal(batch['inputs'], before)
    layout = torch.channels_last if channels_last else torch.contiguous_format
    assert result['inputs'].is_contiguous(memory_format=layout)


def test_labels_become_one_element(batch):
    samples = make()(batch)['data_samples']
    assert isinstance(samples, ClassificationBatch)
    assert torch.equal(samples.gt_label, batch['labels'])
    assert torch.equal(samples.sample_idx, batch['sample_idx'])
    assert 'gt_score' not in samples


def test_augments_in_training_only(batch):
    preprocessor = make(augments=[FLIP])
    plain = make()(batch)['inputs']
    assert torch.equal(preprocessor(batch, False)['inputs'], plain)
    assert torch.equal(preprocessor(batch, True)['inputs'], plain.flip(3))


def test_augments_run_in_their_order(batch):
    crop = dict(type='mmvision_ext.BatchCutout', size=9, fill=MEAN)
    torch.manual_seed(0)
    both = make(augments=[crop, FLIP])(batch, True)['inputs']
    torch.manual_seed(0)
    first = make(augments=[crop])(batch, True)['inputs']
    assert torch.equal(both, first.flip(3))


def test_soft_targets_stand_beside_the_labels(batch):
    preprocessor = make(augments=[MIX])
    samples = preprocessor(batch, True)['data_samples']
    assert samples.gt_score.shape == (6, 4)
    assert samples.target() is samples.gt_score
    assert torch.equal(samples.gt_label, batch['labels'])
    assert 'gt_score' not in preprocessor(batch, False)['data_samples']


def test_samples_get_the_same_as_batches(batch, stock):
    preprocessor = make(augments=[FLIP, MIX])
    torch.manual_seed(3)
    ours = preprocessor(batch, True)
    torch.manual_seed(3)
    theirs = preprocessor(stock, True)
    assert torch.equal(ours['inputs'], theirs['inputs'])
    assert theirs['data_samples'] is not None
    scores = torch.stack([s.gt_score for s in theirs['data_samples']])
    assert torch.equal(scores, ours['data_samples'].gt_score)


def test_images_in_a_list_and_without_samples(batch):
    expected = make()(batch)['inputs']
    result = make()(dict(inputs=list(batch['inputs'])))
    assert torch.equal(result['inputs'], expected)
    assert result['data_samples'] is None


def test_errors_name_the_key(batch):
    with pytest.raises(InputError, match=r'inputs: .*\(3, 8, 8\) and \(3, 9'):
        make()(dict(inputs=[torch.zeros(3, 8, 8), torch.zeros(3, 9, 8)]))
    with pytest.raises(InputError, match='augments: expected labels'):
        make(augments=[FLIP])(dict(inputs=batch['inputs']), True)


@pytest.mark.parametrize('interpolation', ['bicubic', 'bilinear'])
def test_resizing_equals_pillow(batch, interpolation):
    smooth = torch.nn.functional.avg_pool2d(batch['inputs'].float(), 3, 1)
    images = smooth.round().to(torch.uint8)
    preprocessor = make(size=64, interpolation=interpolation)
    result = preprocessor(dict(inputs=images))['inputs']
    assert result.shape == (6, 3, 64, 64)
    pixels = result * preprocessor.std + preprocessor.mean
    method = dict(bicubic=Image.BICUBIC, bilinear=Image.BILINEAR)
    for image, found in zip(images, pixels, strict=True):
        picture = Image.fromarray(image.permute(1, 2, 0).numpy())
        expected = np.asarray(picture.resize((64, 64), method[interpolation]))
        difference = np.abs(found.permute(1, 2, 0).numpy() - expected)
        assert difference.max() < 2.01  # grey levels


def test_resizing_stays_between_0_and_255(batch):
    preprocessor = make(size=64, augments=[MIX])
    result = preprocessor(batch, True)['inputs']
    pixels = result * preprocessor.std + preprocessor.mean
    assert pixels.min() > -1e-3 and pixels.max() < 255 + 1e-3


def test_integer_statistics_are_floats(batch):
    result = BatchDataPreprocessor([129, 124, 112], [68, 65, 70])(batch)
    assert result['inputs'].dtype == torch.float32


def test_nothing_is_saved_and_all_of_it_moves():
    erase = dict(
        type='mmvision_ext.BatchRandomErasing', fill=MEAN, fill_std=STD
    )
    preprocessor = make(augments=[erase])
    assert not preprocessor.state_dict()
    preprocessor.to('meta')
    assert {str(buffer.device) for buffer in preprocessor.buffers()} == {
        'meta'
    }
    assert len(list(preprocessor.buffers())) == 4


def test_autocast_changes_nothing(batch):
    preprocessor = make(
        augments=[
            dict(type='mmvision_ext.BatchRandAugment', fill=MEAN, prob=1.0),
            MIX,
        ],
        size=64,
    )
    torch.manual_seed(0)
    expected = preprocessor(batch, True)
    torch.manual_seed(0)
    with torch.autocast('cpu', torch.bfloat16):
        found = preprocessor(batch, True)
        product = torch.ones(2, 2) @ torch.ones(2, 2)
    assert product.dtype == torch.bfloat16  # it is on, and after that again
    assert found['inputs'].dtype == torch.float32
    assert torch.equal(found['inputs'], expected['inputs'])
    scores = [one['data_samples'].gt_score for one in (found, expected)]
    assert scores[0].dtype == torch.float32
    assert torch.equal(*scores)


@pytest.mark.parametrize(
    ('name', 'size', 'soft'),
    [
        ('cifar100', 32, False),
        ('cifar100_stock', 32, False),
        ('cifar100_224', 224, False),
        ('cifar100_modern', 32, True),
    ],
)
def test_preprocessors_of_the_bases(repository, batch, name, size, soft):
    cfg = Config.fromfile(repository / f'configs/_base_/datasets/{name}.py')
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        preprocessor = MODELS.build(cfg.data_preprocessor)
    torch.manual_seed(0)
    result = preprocessor(batch, True)
    assert result['inputs'].shape == (6, 3, size, size)
    assert result['inputs'].is_contiguous(memory_format=torch.channels_last)
    assert result['inputs'].abs().max() < 5
    assert ('gt_score' in result['data_samples']) == soft
    if soft:
        assert result['data_samples'].gt_score.shape == (6, 100)
