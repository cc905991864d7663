"""Images from whatever a user passes: paths, arrays, folders, globs."""

import glob
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import mmcv
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from mmvision_ext.utils import InputError

Pixels = NDArray[np.uint8]
ChannelOrder = Literal['bgr', 'rgb']
ImageInput = str | Path | Pixels | Image.Image

IMAGE_SUFFIXES = (
    '.jpg',
    '.jpeg',
    '.png',
    '.ppm',
    '.bmp',
    '.pgm',
    '.tif',
    '.tiff',
    '.webp',
)


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
            pixels = mmcv.imfrombytes(Path(self.name).read_bytes())
        except (cv2.error, OSError) as error:
            reason = str(error).strip().splitlines()[-1]
            raise InputError(
                f'image {self.name} cannot be read: {reason}'
            ) from error
        if pixels is None:
            raise InputError(
                f'image {self.name} cannot be read: expected '
                'a JPEG, PNG, BMP, TIFF or WebP image, found '
                'none in this file.'
            )
        return pixels


def list_sources(
    inputs: ImageInput | Sequence[ImageInput],
    channel_order: ChannelOrder = 'bgr',
) -> list[ImageSource]:
    """List the images that a user means.

    Args:
        inputs: A file, a folder (its images, not those of folders in it), a
            pattern with ``*``, ``?`` or ``[``, an array (H, W, 3) uint8, a
            PIL image, or a list of these.
        channel_order: Order of the channels of arrays: ``'bgr'`` as mmdet,
            mmcv and cv2 have them, or ``'rgb'``.

    Returns:
        The images, at least one; those of a folder or pattern by name.

    Raises:
        InputError: A file or folder does not exist, a folder or pattern has
            no images, or an array is no image.
    """
    if isinstance(inputs, (str, Path)):
        return _from_path(str(inputs))
    if isinstance(inputs, np.ndarray):
        return [_from_array(inputs, channel_order, 'array')]
    if isinstance(inputs, Image.Image):
        upright = ImageOps.exif_transpose(inputs).convert('RGB')
        return [_from_array(np.asarray(upright), 'rgb', 'PIL image')]
    if not isinstance(inputs, Sequence) or not inputs:
        raise InputError(
            'images: expected a path, folder, pattern, array, PIL image or a '
            f'list of these with at least one element, found {inputs!r}.'
        )
    sources = []
    for number, item in enumerate(inputs):
        for source in list_sources(item, channel_order):
            if source.path is None:
                source = ImageSource(
                    f'{source.name} {number}', array=source.array
                )
            sources.append(source)
    return sources


def _from_path(name: str) -> list[ImageSource]:
    path = Path(name).expanduser()
    if path.is_dir():
        found = sorted(
            child
            for child in path.iterdir()
            if child.suffix.lower() in IMAGE_SUFFIXES
        )
        what = f'folder {name}'
    elif path.exists():
        return [ImageSource(str(path), path)]
    elif glob.has_magic(name):
        found = sorted(
            Path(match)
            for match in glob.glob(str(path))
            if Path(match).suffix.lower() in IMAGE_SUFFIXES
        )
        what = f'pattern {name}'
    else:
        raise InputError(
            f'image: expected a file or folder, found none at {name}.'
        )
    if not found:
        raise InputError(
            f'{what}: expected images '
            f'({", ".join(IMAGE_SUFFIXES)}), found none.'
        )
    return [ImageSource(str(child), child, may_skip=True) for child in found]


def _from_array(
    array: Pixels, channel_order: ChannelOrder, name: str
) -> ImageSource:
    if (
        array.ndim != 3
        or array.shape[2] != 3
        or array.dtype != np.uint8
        or not array.size
    ):
        raise InputError(
            'image array: expected shape (H, W, 3) and dtype uint8, found '
            f'{array.shape} and {array.dtype}.'
        )
    if channel_order == 'rgb':
        array = array[..., ::-1]
    return ImageSource(name, array=np.ascontiguousarray(array))
