"""RandAugment of a whole batch."""

from collections.abc import Sequence

import torch
from torch import nn
from torchvision.transforms.v2 import functional as tv

from mmvision_ext.registry import TRANSFORMS

from .batch_affine import transform
from .batch_colour import blend, grey, posterize, smooth, solarize

#: The operations; an index into them is a kind, and -1 is none of them.
OPERATIONS = (
    'shear_x',
    'shear_y',
    'translate_x',
    'translate_y',
    'rotate',
    'brightness',
    'colour',
    'contrast',
    'sharpness',
    'posterize',
    'solarize',
    'autocontrast',
    'equalize',
    'invert',
    'solarize_add',
)
_GEOMETRY = slice(5)
_BLENDED = slice(5, 9)

# What magnitude 10 does.
SHEAR = 0.3  # pixels for each pixel from the centre
TRANSLATE = 0.45  # of height or width
ROTATE = 30.0  # degrees
ENHANCE = 0.9  # added to or taken from a factor of 1
BITS = 4.0  # taken from 4
LEVELS = 256.0  # inverted, from the brightest one down
ADDED = 110.0  # to values below DARK
DARK = 128.0


@TRANSFORMS.register_module()
class BatchRandAugment(nn.Module):
    """Apply random operations to each image (arxiv.org/abs/1909.13719).

    The operations and ranges are those of DeiT (``rand-m9-mstd0.5-inc1`` of
    timm, ``timm_increasing`` of mmpretrain): each image draws ``num_ops`` of
    the 15 :data:`OPERATIONS` with replacement, and each is applied with
    probability ``prob``, with a magnitude of its own and, where there are two
    directions, a random one. At magnitude 10: shears by 0.3 and rotations by
    30 degrees; shifts by 0.45 of the size; brightness, colour, contrast and
    sharpness by factors of 0.1 or 1.9; solarizing all values; 110 added to
    values below 128. All of these do nothing at 0. Posterizing keeps 4 bits
    at 0 and none at 10. Autocontrast, equalizing and inverting have no
    strength.

    Unlike there, sampling is bilinear (bicubic there), shears are about the
    centre of the image (its corner there), colour operations round (they cut
    off there), and the border blends with the fill.

    Args:
        fill: Value of each channel for what comes from outside the image,
            from 0 to 255.
        num_ops: Operations an image.
        magnitude: Mean magnitude, from 0 to 10.
        magnitude_std: Its standard deviation; values beyond 0 and 10 become
            these.
        prob: Probability of each drawn operation to be applied.
    """

    fill: torch.Tensor

    def __init__(
        self,
        fill: Sequence[float],
        num_ops: int = 2,
        magnitude: float = 9.0,
        magnitude_std: float = 0.5,
        prob: float = 0.5,
    ) -> None:
        super().__init__()
        self.num_ops = num_ops
        self.magnitude = magnitude
        self.magnitude_std = magnitude_std
        self.prob = prob
        self.register_buffer(
            'fill',
            torch.tensor(fill, dtype=torch.float32).view(-1, 1, 1),
            persistent=False,
        )

    def forward(
        self, images: torch.Tensor, targets: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Augment a batch.

        Args:
            images: (B, 3, H, W), uint8, RGB.
            targets: Labels, (B,), or soft targets, (B, K).

        Returns:
            Images of the same shape and type, and the targets.
        """
        count, device = len(images), images.device
        for _ in range(self.num_ops):
            kinds = torch.randint(len(OPERATIONS), (count,), device=device)
            applied = torch.rand(count, device=device) < self.prob
            kinds = torch.where(applied, kinds, -1)
            noise = torch.randn(count, device=device)
            magnitudes = self.magnitude + self.magnitude_std * noise
            signs = 2.0 * torch.randint(2, (count,), device=device) - 1
            images = apply_operations(
                images, kinds, magnitudes.clamp(0, 10), signs, self.fill
            )
        return images, targets


def apply_operations(
    images: torch.Tensor,
    kinds: torch.Tensor,
    magnitudes: torch.Tensor,
    signs: torch.Tensor,
    fill: torch.Tensor,
) -> torch.Tensor:
    """Apply one operation to each image.

    Args:
        images: (B, 3, H, W), uint8, RGB.
        kinds: Indices into :data:`OPERATIONS`, -1 to leave an image as it
            is, int64, (B,).
        magnitudes: From 0 to 10, (B,).
        signs: -1 or 1, for operations with two directions, (B,).
        fill: Values of what comes from outside an image, (3, 1, 1).

    Returns:
        (B, 3, H, W), uint8.
    """
    shares = magnitudes / 10
    amounts = signs * shares
    # Which image each operation is for, (15, B, 1, 1, 1).
    chosen = torch.arange(len(OPERATIONS), device=kinds.device)
    chosen = (chosen[:, None] == kinds).view(len(OPERATIONS), -1, 1, 1, 1)
    pixels = images.float()
    moved = transform(
        pixels, _maps(chosen[_GEOMETRY, :, 0, 0, 0], amounts, images), fill
    )
    luma = grey(pixels)
    # What brightness, colour, contrast and sharpness blend with.
    others = torch.where(chosen[5], 0.0, luma)
    others = torch.where(
        chosen[7], luma.mean(dim=(2, 3), keepdim=True), others
    )
    others = torch.where(chosen[8], smooth(pixels), others)
    result = torch.where(chosen[_GEOMETRY].any(0), moved, pixels)
    added = (ADDED * shares).floor().view(-1, 1, 1, 1)
    for of_kind, changed in (
        (
            chosen[_BLENDED].any(0),
            blend(pixels, others, 1 + ENHANCE * amounts),
        ),
        (chosen[9], posterize(pixels, (BITS - BITS * shares).ceil())),
        (chosen[10], solarize(pixels, LEVELS * (1 - shares))),
        (chosen[11], tv.autocontrast(images).float()),
        (chosen[12], tv.equalize(images).float()),
        (chosen[13], 255 - pixels),
        (chosen[14], torch.where(pixels < DARK, pixels + added, pixels)),
    ):
        result = torch.where(of_kind, changed, result)
    return result.round_().to(torch.uint8)


def _maps(
    chosen: torch.Tensor, amounts: torch.Tensor, images: torch.Tensor
) -> torch.Tensor:
    """Maps of the five geometric operations, identity for other images.

    Args:
        chosen: Which image each operation is for, bool, (5, B).
        amounts: Signed, over the largest amounts, (B,).
        images: (B, C, H, W).

    Returns:
        (B, 2, 3), as :func:`.batch_affine.transform` takes them.
    """
    height, width = images.shape[2:]
    shear_x, shear_y, right, down, turn = chosen * amounts
    angle = torch.deg2rad(ROTATE * turn)
    cosine, sine = angle.cos(), angle.sin()
    return torch.stack(
        [
            cosine,
            SHEAR * shear_x - sine,
            TRANSLATE * width * right,
            SHEAR * shear_y + sine,
            cosine,
            TRANSLATE * height * down,
        ],
        dim=1,
    ).view(-1, 2, 3)
