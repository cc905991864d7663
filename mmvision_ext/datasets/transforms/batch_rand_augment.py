"""RandAugment of a whole batch."""

from collections.abc import Sequence

import torch
from torch import nn
from torchvision.transforms.v2 import functional as tv

from mmvision_ext.registry import TRANSFORMS

from .batch_affine import transform
from .batch_colour import blend, grey, posterize, smooth, solarize

#: The operations of the paper; an index into them is a kind.
OPERATIONS = (
    'identity',
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
)
_GEOMETRY = slice(1, 6)

# What magnitude 10 does.
SHEAR = 0.3  # pixels for each pixel from the centre
TRANSLATE = 0.45  # of height or width
ROTATE = 30.0  # degrees
ENHANCE = 0.9  # added to or taken from a factor of 1
BITS = 4.0  # taken from 8
LEVELS = 256.0  # inverted, from the brightest one down


@TRANSFORMS.register_module()
class BatchRandAugment(nn.Module):
    """Apply random operations to each image (arxiv.org/abs/1909.13719).

    Each image gets ``num_ops`` of the 14 :data:`OPERATIONS`, drawn with
    replacement, each with a magnitude of its own and, where there are two
    directions, a random one. Ranges grow with the magnitude, from no effect
    at 0 to, at 10: shears by 0.3 and rotations by 30 degrees, both about the
    centre; shifts by 0.45 of the size; brightness, colour, contrast and
    sharpness by factors of 0.1 or 1.9; posterizing to 4 bits; solarizing all
    values. Autocontrast and equalizing have none.

    Args:
        fill: Value of each channel for what comes from outside the image,
            from 0 to 255.
        num_ops: Operations an image.
        magnitude: Mean magnitude, from 0 to 10.
        magnitude_std: Its standard deviation; values beyond 0 and 10 become
            these.
    """

    fill: torch.Tensor

    def __init__(
        self,
        fill: Sequence[float],
        num_ops: int = 2,
        magnitude: float = 9.0,
        magnitude_std: float = 0.5,
    ) -> None:
        super().__init__()
        self.num_ops = num_ops
        self.magnitude = magnitude
        self.magnitude_std = magnitude_std
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
        kinds: Indices into :data:`OPERATIONS`, int64, (B,).
        magnitudes: From 0 to 10, (B,).
        signs: -1 or 1, for operations with two directions, (B,).
        fill: Values of what comes from outside an image, (3, 1, 1).

    Returns:
        (B, 3, H, W), uint8.
    """
    shares = magnitudes / 10
    amounts = signs * shares
    # Which image each operation is for, (14, B, 1, 1, 1).
    chosen = torch.arange(len(OPERATIONS), device=kinds.device)
    chosen = (chosen[:, None] == kinds).view(len(OPERATIONS), -1, 1, 1, 1)
    pixels = images.float()
    moved = transform(
        pixels, _maps(chosen[_GEOMETRY, :, 0, 0, 0], amounts, images), fill
    )
    luma = grey(pixels)
    # What brightness, colour, contrast and sharpness blend with.
    others = torch.where(chosen[6], 0.0, luma)
    others = torch.where(
        chosen[8], luma.mean(dim=(2, 3), keepdim=True), others
    )
    others = torch.where(chosen[9], smooth(pixels), others)
    result = torch.where(chosen[_GEOMETRY].any(0), moved, pixels)
    for of_kind, changed in (
        (chosen[6:10].any(0), blend(pixels, others, 1 + ENHANCE * amounts)),
        (chosen[10], posterize(pixels, 8 - (BITS * shares).round())),
        (chosen[11], solarize(pixels, LEVELS * (1 - shares))),
        (chosen[12], tv.autocontrast(images).float()),
        (chosen[13], tv.equalize(images).float()),
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
