"""Augmentation of batches against per-image code and known distributions."""

import numpy as np
import pytest
import torch
from mmcv.transforms import RandomFlip
from mmengine.registry import TRANSFORMS, DefaultScope
from mmpretrain.datasets.transforms import RandomErasing
from PIL import Image
from scipy import stats
from torchvision.transforms import functional as pil

from mmvision_ext.datasets import transforms as batch
from mmvision_ext.datasets.transforms.batch_crop import crop_reflected
from mmvision_ext.datasets.transforms.batch_erase import erase
from mmvision_ext.datasets.transforms.batch_flip import flip_chosen
from mmvision_ext.utils import InputError

FILL = (129.0, 124.0, 112.0)
MIX = dict(alpha=0.8, num_classes=5)
CHANCE = 1e-4  # below this probability a difference is none of chance
AUGMENTS = [
    dict(type='BatchRandomCrop'),
    dict(type='BatchRandomFlip'),
    dict(type='BatchCutout', size=8, fill=FILL),
    dict(type='BatchRandomErasing', fill=FILL, fill_std=FILL, prob=0.9),
    dict(type='BatchRandAugment', fill=FILL),
    dict(type='BatchMixup', **MIX),
    dict(type='BatchCutMix', **MIX),
    dict(
        type='BatchOneOf',
        augments=[
            dict(type='mmvision_ext.BatchMixup', **MIX),
            dict(type='mmvision_ext.BatchCutMix', **MIX),
        ],
        probs=[0.5, 0.4],
    ),
]


def build(settings):
    settings = settings | dict(type=f'mmvision_ext.{settings["type"]}')
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        return TRANSFORMS.build(settings)


def name_of(settings):
    return settings['type']


@pytest.fixture
def images():
    """Smooth and noisy colours, uint8 (12, 3, 32, 32)."""
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (12, 3, 4, 4))
    fine = rng.normal(0, 15, (12, 3, 32, 32))
    pixels = coarse.repeat(8, 2).repeat(8, 3) + fine
    return torch.from_numpy(np.clip(pixels, 0, 255).astype(np.uint8))


@pytest.fixture
def labels():
    return torch.arange(12) % 5


def to_pil(image):
    return Image.fromarray(image.permute(1, 2, 0).numpy())


def from_pil(image):
    return torch.from_numpy(np.array(image)).permute(2, 0, 1)


@pytest.mark.parametrize('settings', AUGMENTS, ids=name_of)
class TestEveryAugment:
    """What holds for all of them."""

    def test_the_seed_decides(self, settings, images, labels):
        augment = build(settings)
        results = []
        for seed in (0, 0, 1, 2, 3):
            torch.manual_seed(seed)
            results.append(augment(images, labels))
        for one, other in zip(results[0], results[1], strict=True):
            assert torch.equal(one, other)
        assert not all(
            torch.equal(results[0][0].float(), other[0].float())
            for other in results[2:]
        )

    def test_input_stays_and_shapes_fit(self, settings, images, labels):
        before = images.clone()
        pixels, targets = build(settings)(images, labels)
        assert torch.equal(images, before)
        assert pixels.shape == images.shape
        assert pixels.min() >= 0 and pixels.max() <= 255
        if pixels.dtype != torch.uint8:
            assert settings['type'] in ('BatchMixup', 'BatchOneOf')
        if targets.ndim == 2:
            assert targets.dtype == torch.float32
            torch.testing.assert_close(targets.sum(1), torch.ones(12))
        else:
            assert torch.equal(targets, labels)

    def test_one_image(self, settings, images, labels):
        pixels, _ = build(settings)(images[:1], labels[:1])
        assert pixels.shape == (1, 3, 32, 32)

    def test_host_never_reads_from_the_device(self, settings, images, labels):
        """Tensors of the device 'meta' have no values that one could read."""
        augment = build(settings).to('meta')
        pixels, _ = augment(images.to('meta'), labels.to('meta'))
        assert pixels.shape == images.shape


@pytest.mark.parametrize('as_float', [False, True])
def test_crop_equals_torchvision(images, as_float):
    offsets = torch.tensor([[0, 0], [8, 8], [0, 8], [4, 4], [3, 7], [6, 1]])
    offsets = offsets.repeat(2, 1)
    given = images.float() if as_float else images
    cropped = crop_reflected(given, offsets, 4)
    assert cropped.dtype == given.dtype
    for image, (top, left), result in zip(
        images, offsets.tolist(), cropped, strict=True
    ):
        padded = pil.pad(to_pil(image), 4, padding_mode='reflect')
        expected = from_pil(pil.crop(padded, top, left, 32, 32))
        assert torch.equal(result.to(torch.uint8), expected)


def test_crop_of_images_that_are_no_squares(images):
    wide = images[:, :, :20]
    offsets = torch.tensor([[1, 6]]).expand(12, 2)
    expected = torch.nn.functional.pad(
        wide.float(), (3, 3, 3, 3), mode='reflect'
    )[:, :, 1:21, 6:38]
    assert torch.equal(crop_reflected(wide, offsets, 3).float(), expected)


def test_crop_needs_images_larger_than_the_padding(images):
    with pytest.raises(InputError, match='less than the 32 px .*, found 32'):
        batch.BatchRandomCrop(padding=32)(images, images)


def test_flip_equals_mmcv(images):
    chosen = torch.arange(12) % 3 == 0
    flipped = flip_chosen(images, chosen)
    for image, flag, result in zip(images, chosen, flipped, strict=True):
        entry = dict(img=image.permute(1, 2, 0).numpy())
        entry = RandomFlip(prob=float(flag), direction='horizontal')(entry)
        expected = torch.from_numpy(entry['img'].copy()).permute(2, 0, 1)
        assert torch.equal(result, expected)


def test_crop_offsets_are_uniform():
    torch.manual_seed(0)
    count = 8100
    # Each pixel is its own position, so the centre tells the offsets.
    grid = torch.arange(81.0).view(1, 1, 9, 9).expand(count, 1, 9, 9)
    cropped, _ = batch.BatchRandomCrop(padding=4)(grid, torch.zeros(count))
    centres = cropped[:, 0, 4, 4].long()
    found = torch.bincount(centres, minlength=81)
    assert stats.chisquare(found.numpy()).pvalue > CHANCE


@pytest.mark.parametrize('prob', [0.0, 0.3, 0.5, 1.0])
def test_flip_probability(prob):
    torch.manual_seed(0)
    grid = torch.tensor([0.0, 1.0]).expand(4000, 1, 1, 2)
    flipped, _ = batch.BatchRandomFlip(prob)(grid, torch.zeros(4000))
    found = int(flipped[:, 0, 0, 0].sum())
    assert stats.binomtest(found, 4000, prob).pvalue > CHANCE


def test_erase_equals_slices(images):
    rng = np.random.default_rng(1)
    boxes = torch.from_numpy(rng.integers(-6, 38, (12, 4)))
    values = torch.tensor(FILL).view(-1, 1, 1)
    erased = erase(images, boxes, values)
    for image, box, result in zip(
        images, boxes.clamp(min=0).tolist(), erased, strict=True
    ):
        expected = image.clone()
        top, left, bottom, right = box
        expected[:, top:bottom, left:right] = values.to(torch.uint8)
        assert torch.equal(result, expected)


def test_erased_values_are_rounded(images):
    whole = torch.tensor([[0, 0, 32, 32]]).expand(12, 4)
    assert (erase(images, whole, torch.tensor(7.6)) == 8).all()
    result = erase(images.float(), whole, torch.tensor(7.6))
    assert result.unique().tolist() == pytest.approx([7.6])


def holes(pixels):
    """Height, width, top and left of what was filled in blank images."""
    filled = pixels[:, 0] > 0
    rows, columns = filled.any(2), filled.any(1)
    return (
        rows.sum(1).numpy(),
        columns.sum(1).numpy(),
        rows.float().argmax(1).numpy(),
        columns.float().argmax(1).numpy(),
    )


def test_cutout_squares():
    torch.manual_seed(0)
    count, size, side = 6000, 32, 16
    blank = torch.zeros(count, 1, size, size, dtype=torch.uint8)
    augment = batch.BatchCutout(side, fill=[9])
    pixels, _ = augment(blank, torch.zeros(count))
    heights, widths, tops, lefts = holes(pixels)
    assert (pixels[:, 0] > 0).sum((1, 2)).tolist() == (
        (heights * widths).tolist()
    )
    # Enumerated: centres are uniform, what sticks out is cut.
    rows = [
        [row for row in range(centre - 8, centre + 8) if 0 <= row < size]
        for centre in range(size)
    ]
    covered = [len(inside) for inside in rows]
    for expected, found in (
        (covered, heights),
        (covered, widths),
        ([inside[0] for inside in rows], tops),
        ([inside[0] for inside in rows], lefts),
    ):
        values, frequencies = np.unique(expected, return_counts=True)
        counts = [np.count_nonzero(found == value) for value in values]
        result = stats.chisquare(counts, frequencies / size * count)
        assert result.pvalue > CHANCE
    areas = heights * widths
    error = areas.std() / count**0.5
    assert abs(areas.mean() - np.mean(covered) ** 2) < 4 * error


def test_cutout_probability():
    torch.manual_seed(0)
    blank = torch.zeros(3000, 1, 8, 8, dtype=torch.uint8)
    augment = batch.BatchCutout(4, fill=[9], prob=0.3)
    pixels, _ = augment(blank, torch.zeros(3000))
    found = int((pixels.flatten(1).amax(1) > 0).sum())
    assert stats.binomtest(found, 3000, 0.3).pvalue > CHANCE


def test_erasing_has_the_distribution_of_mmpretrain():
    torch.manual_seed(0)
    count, size = 3000, 64
    blank = torch.zeros(count, 1, size, size, dtype=torch.uint8)
    augment = batch.BatchRandomErasing(fill=[9], prob=1.0)
    pixels, _ = augment(blank, torch.zeros(count))
    heights, widths, tops, lefts = holes(pixels)
    np.random.seed(0)
    theirs = RandomErasing(max_area_ratio=1 / 3)
    draws = [theirs.random_patch(size, size) for _ in range(count)]
    _, _, their_heights, their_widths = np.array(draws).T
    for ours, reference in (
        (heights, their_heights),
        (widths, their_widths),
        (heights * widths, their_heights * their_widths),
    ):
        assert stats.ks_2samp(ours, reference).pvalue > CHANCE
    # Theirs never reaches the last row; ours is uniform over all that fit.
    for starts, lengths in ((tops, heights), (lefts, widths)):
        inner = lengths < size - 20
        share = (starts[inner] + 0.5) / (size - lengths[inner] + 1)
        assert stats.kstest(share, 'uniform').pvalue > CHANCE
        assert (starts + lengths == size).any()


def test_erasing_probability_and_noise():
    torch.manual_seed(0)
    blank = torch.zeros(3000, 3, 8, 8, dtype=torch.uint8)
    augment = batch.BatchRandomErasing(
        fill=[100, 150, 50], fill_std=[5, 10, 15], prob=0.25, area=(0.3, 0.5)
    )
    pixels, _ = augment(blank, torch.zeros(3000))
    chosen = pixels[:, 1].flatten(1).amax(1) > 0
    assert stats.binomtest(int(chosen.sum()), 3000, 0.25).pvalue > CHANCE
    for channel, (mean, std) in enumerate([(100, 5), (150, 10), (50, 15)]):
        values = pixels[:, channel][pixels[:, 1] > 0].float()
        assert values.mean() == pytest.approx(mean, abs=0.5)
        assert values.std() == pytest.approx(std, rel=0.03)


def test_mixup_weights(images, labels):
    torch.manual_seed(0)
    augment = batch.BatchMixup(alpha=0.4, num_classes=2)
    two = torch.tensor([0, 1])
    weights = [float(augment(images[:2], two)[1][0, 0]) for _ in range(600)]
    assert stats.kstest(weights, stats.beta(0.4, 0.4).cdf).pvalue > CHANCE
    pixels, targets = batch.BatchMixup(**MIX)(images, labels)
    weight = targets[1, 1]
    expected = weight * images[1] + (1 - weight) * images[0]
    torch.testing.assert_close(pixels[1], expected)
    assert targets[1, 0] == pytest.approx(1 - float(weight), abs=1e-6)


def test_cutmix_labels_weigh_as_the_areas():
    torch.manual_seed(0)
    augment = batch.BatchCutMix(alpha=1.0, num_classes=2)
    labels = torch.tensor([0, 1])
    plain = torch.stack([torch.zeros(3, 32, 32), torch.ones(3, 32, 32)])
    sizes = []
    for _ in range(200):
        pixels, targets = augment(plain.to(torch.uint8), labels)
        pasted = pixels[0, 0].float()
        assert targets[0, 1] == pytest.approx(float(pasted.mean()), abs=1e-6)
        rows, columns = pasted.any(1).sum(), pasted.any(0).sum()
        assert rows * columns == pasted.sum()  # a rectangle
        sizes.append(float(pasted.mean()))
    assert min(sizes) < 0.05 and max(sizes) > 0.6


def test_mixing_soft_targets_again(images, labels):
    first = batch.BatchMixup(**MIX)(images, labels)
    _, targets = batch.BatchCutMix(**MIX)(*first)
    torch.testing.assert_close(targets.sum(1), torch.ones(12))


def test_one_of_follows_its_probabilities(images, labels):
    torch.manual_seed(0)
    augment = build(AUGMENTS[-1])
    counts = [0, 0, 0]
    for index, part in enumerate(augment.augments):
        part.register_forward_hook(
            lambda *_, index=index: counts.__setitem__(
                index, counts[index] + 1
            )
        )
    for _ in range(400):
        _, targets = augment(images[:2, :, :2, :2], labels[:2])
        counts[2] += targets.ndim == 1
    assert stats.chisquare(counts, [200, 160, 40]).pvalue > CHANCE


@pytest.mark.parametrize('probs', [[0.5], [0.7, 0.5], [-0.1, 0.5]])
def test_one_of_checks_its_probabilities(probs):
    with pytest.raises(InputError, match='2 probabilities'):
        build(AUGMENTS[-1] | dict(probs=probs))
