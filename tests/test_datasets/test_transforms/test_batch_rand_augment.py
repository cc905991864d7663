"""Each operation of the batched RandAugment against Pillow."""

import math

import numpy as np
import pytest
import torch
from mmpretrain.datasets import RandAugment
from PIL import Image, ImageEnhance, ImageOps
from scipy import stats

from mmvision_ext.datasets.transforms import batch_rand_augment as module
from mmvision_ext.datasets.transforms.batch_affine import transform
from mmvision_ext.datasets.transforms.batch_rand_augment import (
    OPERATIONS,
    BatchRandAugment,
    apply_operations,
)

FILL = (129, 124, 112)
VOID = [0] * 256 * 3
MAGNITUDES = (0.0, 3.0, 9.0, 10.0)


@pytest.fixture
def images():
    """Smooth colours with a little noise, uint8 (8, 3, 24, 32)."""
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (8, 4, 5, 3), dtype=np.uint8)
    pictures = [
        np.asarray(Image.fromarray(one).resize((32, 24), Image.BICUBIC))
        for one in coarse
    ]
    pixels = np.stack(pictures) + rng.normal(0, 4, (8, 24, 32, 3))
    pixels = np.clip(pixels, 0, 255).astype(np.uint8)
    return torch.from_numpy(pixels).permute(0, 3, 1, 2).contiguous()


def run(images, name, magnitude, sign):
    count = len(images)
    return apply_operations(
        images,
        torch.full((count,), OPERATIONS.index(name)),
        torch.full((count,), magnitude),
        torch.full((count,), float(sign)),
        torch.tensor(FILL, dtype=torch.float32).view(-1, 1, 1),
    )


def to_pil(image):
    return Image.fromarray(image.permute(1, 2, 0).numpy())


def colour_with_pillow(image, name, magnitude, sign):
    factor = 1 + sign * 0.09 * magnitude
    if name == 'posterize':
        bits = math.ceil(4 - 0.4 * magnitude)
        # Pillow takes no 0.
        return ImageOps.posterize(image, bits) if bits else image.point(VOID)
    if name == 'solarize':
        return ImageOps.solarize(image, 256 - 25.6 * magnitude)
    if name == 'autocontrast':
        return ImageOps.autocontrast(image)
    if name == 'equalize':
        return ImageOps.equalize(image)
    if name == 'invert':
        return ImageOps.invert(image)
    if name == 'solarize_add':
        added = int(11 * magnitude)
        return image.point(
            [min(255, i + added) if i < 128 else i for i in range(256)] * 3
        )
    kind = dict(
        brightness=ImageEnhance.Brightness,
        colour=ImageEnhance.Color,
        contrast=ImageEnhance.Contrast,
        sharpness=ImageEnhance.Sharpness,
    )[name]
    return kind(image).enhance(factor)


@pytest.mark.parametrize('sign', [-1, 1])
@pytest.mark.parametrize('magnitude', MAGNITUDES)
@pytest.mark.parametrize('name', OPERATIONS[5:])
def test_colours_equal_pillow(images, name, magnitude, sign):
    results = run(images, name, magnitude, sign)
    assert results.dtype == torch.uint8
    for image, result in zip(images, results, strict=True):
        expected = colour_with_pillow(to_pil(image), name, magnitude, sign)
        difference = np.abs(
            np.asarray(expected, int) - result.permute(1, 2, 0).numpy()
        )
        # Pillow cuts off where we round, in between as well.
        exact = ('posterize', 'solarize', 'invert', 'solarize_add')
        allowed = 0 if name in exact else 2
        assert difference.max() <= allowed


def map_of(name, amount, height, width):
    """Row by row, from an output pixel to its input, about the centre."""
    angle = math.radians(30 * amount)
    shift_x, shift_y = 0.45 * amount * width, 0.45 * amount * height
    return dict(
        shear_x=(1, 0.3 * amount, 0, 0, 1, 0),
        shear_y=(1, 0, 0, 0.3 * amount, 1, 0),
        translate_x=(1, 0, shift_x, 0, 1, 0),
        translate_y=(1, 0, 0, 0, 1, shift_y),
        rotate=(
            math.cos(angle),
            -math.sin(angle),
            0,
            math.sin(angle),
            math.cos(angle),
            0,
        ),
    )[name]


@pytest.mark.parametrize('sign', [-1, 1])
@pytest.mark.parametrize('magnitude', MAGNITUDES)
@pytest.mark.parametrize('name', OPERATIONS[:5])
def test_geometry_equals_pillow(images, name, magnitude, sign):
    height, width = images.shape[2:]
    a, b, c, d, e, f = map_of(name, sign * magnitude / 10, height, width)
    # Pillow's positions are from the upper left corner.
    x, y = width / 2, height / 2
    data = (a, b, x - a * x - b * y + c, d, e, y - d * x - e * y + f)
    results = run(images, name, magnitude, sign)
    # At the border Pillow does not blend with the fill.
    rows, columns = np.indices((height, width))
    from_x = a * (columns + 0.5) + b * (rows + 0.5) + data[2]
    from_y = d * (columns + 0.5) + e * (rows + 0.5) + data[5]
    core = (
        (from_x >= 0.5)
        & (from_x <= width - 0.5)
        & (from_y >= 0.5)
        & (from_y <= height - 0.5)
    )
    outside = (
        (from_x < -0.5)
        | (from_x > width + 0.5)
        | (from_y < -0.5)
        | (from_y > height + 0.5)
    )
    assert core.mean() > 0.4
    for image, result in zip(images, results, strict=True):
        expected = to_pil(image).transform(
            (width, height), Image.AFFINE, data, Image.BILINEAR
        )
        found = result.permute(1, 2, 0).numpy()
        difference = np.abs(np.asarray(expected, int) - found)
        assert difference[core].max() <= 1
        assert (found[outside] == FILL).all()


@pytest.mark.parametrize('name', (*OPERATIONS[:9], 'solarize', 'solarize_add'))
def test_magnitude_0_changes_nothing(images, name):
    assert torch.equal(run(images, name, 0.0, 1), images)


def test_none_and_full_strength(images):
    fill = torch.zeros(3, 1, 1)
    none, full = torch.full((8,), -1), torch.full((8,), 10.0)
    result = apply_operations(images, none, full, torch.ones(8), fill)
    assert torch.equal(result, images)
    for name in OPERATIONS:
        assert not torch.equal(run(images, name, 10.0, 1), images)
    assert torch.equal(run(images, 'solarize', 10.0, 1), 255 - images)
    assert not run(images, 'posterize', 10.0, 1).any()


def test_each_image_gets_its_own_operation(images):
    kinds = torch.tensor([0, 4, 5, 8, 9, 11, 12, 14])
    magnitudes = torch.tensor([9.0, 2, 10, 7, 3, 6, 1, 8])
    signs = torch.tensor([1.0, -1, 1, -1, 1, -1, 1, -1])
    fill = torch.tensor(FILL, dtype=torch.float32).view(-1, 1, 1)
    results = apply_operations(images, kinds, magnitudes, signs, fill)
    for index, result in enumerate(results):
        alone = run(
            images[index : index + 1],
            OPERATIONS[kinds[index]],
            float(magnitudes[index]),
            int(signs[index]),
        )
        assert torch.equal(result, alone[0])


def test_transform_without_a_change(images):
    maps = torch.tensor([[1.0, 0, 0], [0, 1, 0]]).expand(8, 2, 3)
    moved = transform(images.float(), maps, torch.zeros(3, 1, 1))
    torch.testing.assert_close(moved, images.float(), atol=1e-3, rtol=0)


def test_draws(images, monkeypatch):
    drawn = []

    def record(images, kinds, magnitudes, signs, fill):
        drawn.append((kinds, magnitudes, signs))
        return images

    monkeypatch.setattr(module, 'apply_operations', record)
    torch.manual_seed(0)
    many = images[:1].expand(7000, -1, -1, -1)
    augment = BatchRandAugment(FILL, magnitude=9, magnitude_std=0.5, prob=0.25)
    augment(many, torch.zeros(7000))
    assert len(drawn) == 2  # num_ops
    kinds, magnitudes, signs = drawn[0]
    applied = kinds >= 0
    assert stats.binomtest(int(applied.sum()), 7000, 0.25).pvalue > 1e-4
    counts = torch.bincount(kinds[applied], minlength=len(OPERATIONS))
    assert stats.chisquare(counts.numpy()).pvalue > 1e-4
    assert set(signs.tolist()) == {-1.0, 1.0}
    assert stats.binomtest(int((signs > 0).sum()), 7000).pvalue > 1e-4
    inner = magnitudes[magnitudes < 10].numpy()
    bounded = stats.truncnorm(-np.inf, 2, loc=9, scale=0.5)
    assert stats.kstest(inner, bounded.cdf).pvalue > 1e-4
    assert magnitudes.max() == 10
    assert not torch.equal(kinds, drawn[1][0])


def test_as_many_images_change_as_with_mmpretrain(images):
    count = 1200
    stock = RandAugment(
        'timm_increasing',
        num_policies=2,
        magnitude_level=9,
        magnitude_std=0.5,
        hparams=dict(pad_val=list(FILL), interpolation='bicubic'),
    )
    picture = images[0].permute(1, 2, 0).numpy()
    np.random.seed(0)
    expected = sum(
        (stock(dict(img=picture.copy()))['img'] != picture).any()
        for _ in range(count)
    )
    torch.manual_seed(0)
    many = images[:1].expand(count, -1, -1, -1)
    result, _ = BatchRandAugment(FILL)(many, torch.zeros(count))
    found = int((result != many).flatten(1).any(1).sum())
    # 3 of 4, with a standard deviation of 0.013 each.
    assert abs(found - expected) / count < 0.06
    assert 0.69 < found / count < 0.81
