"""One image, read when it is needed."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import mmcv
import numpy as np
from numpy.typing import NDArray

from mmvision_ext.utils import InputError

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class ImageSource:
    """One image, read when it is needed.

    Attributes:
        name: What messages and files call it.
        path: Its file; None for an image in memory.
        array: BGR, shape (H, W, 3), uint8; None for a file.
        may_skip: Whether it was found in a folder or by a pattern, so that
            the others go on when it cannot be read.
    """

    name: str
    path: Path | None = None
    array: Pixels | None = None
    may_skip: bool = False

    @property
    def stem(self) -> str:
        """What files about it are called, without an ending."""
        return Path(self.name).stem.replace(' ', '_')

    @property
    def origin(self) -> Path | None:
        """The file that it comes from; None where there is none."""
        return self.path

    def read(self) -> Pixels:
        """Read the image as mmcv does, turned upright by its EXIF tag.

        Returns:
            BGR, shape (H, W, 3), uint8.

        Raises:
            InputError: The file cannot be read as an image.
        """
        if self.array is not None:
            return self.array
        try:
            content = Path(self.name).read_bytes()
        except OSError as error:
            raise InputError(
                f'image {self.name} cannot be read: {error}'
            ) from error
        return decode_image(content, self.name)

    def read_rgb(self) -> Pixels:
        """Read the image for drawing.

        Returns:
            RGB, shape (H, W, 3), uint8.

        Raises:
            InputError: The file cannot be read as an image.
        """
        return np.ascontiguousarray(self.read()[..., ::-1])


def decode_image(content: bytes, name: str) -> Pixels:
    """Decode the content of an image file.

    Args:
        content: The content.
        name: What messages call the image.

    Returns:
        BGR, shape (H, W, 3), uint8.

    Raises:
        InputError: It is no image.
    """
    try:
        pixels = mmcv.imfrombytes(content)
    except cv2.error as error:
        reason = str(error).strip().splitlines()[-1]
        raise InputError(f'image {name} cannot be read: {reason}') from error
    if pixels is None:
        raise InputError(
            f'image {name} cannot be read: expected a JPEG, PNG, BMP, TIFF or '
            'WebP image, found none in this file.'
        )
    return pixels
