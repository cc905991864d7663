"""Images from whatever a user passes: paths, arrays, addresses, videos."""

import glob
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from PIL import Image, ImageOps

from mmvision_ext.utils import InputError
from mmvision_ext.utils.web import is_address

from .image_source import ImageSource, Pixels
from .videos import Video, is_video
from .web_images import WebImage

ChannelOrder = Literal['bgr', 'rgb']
ImageInput = str | Path | Pixels | Image.Image | Video | ImageSource

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


def list_sources(
    inputs: ImageInput | Sequence[ImageInput],
    channel_order: ChannelOrder = 'bgr',
) -> list[ImageSource]:
    """List the images that a user means.

    Args:
        inputs: A file, a folder (its images, not those of folders in it), a
            pattern with ``*``, ``?`` or ``[``, an http(s) address, a video
            file (all its frames) or a :class:`~mmvision_ext.apis.videos.
            Video`, an array (H, W, 3) uint8, a PIL image, the ``source`` of a
            result, or a list of these.
        channel_order: Order of the channels of arrays: ``'bgr'`` as mmdet,
            mmcv and cv2 have them, or ``'rgb'``.

    Returns:
        The images, at least one; those of a folder or pattern by name.
        Addresses are downloaded, and frames decoded, when they are read.

    Raises:
        InputError: A file or folder does not exist, a path is empty, a folder
            or pattern has no images, an array is no image, the pixels of a
            PIL image are not in the range of its mode, or there is no such
            order of channels.
    """
    if channel_order not in get_args(ChannelOrder):
        raise InputError(
            f"channel_order: expected 'bgr' or 'rgb', found {channel_order!r}."
        )
    if isinstance(inputs, str) and not inputs:  # pathlib's name of '.'
        raise InputError("image: expected a path, found ''.")
    if isinstance(inputs, str) and is_address(inputs):
        return [_from_address(inputs)]
    if isinstance(inputs, (str, Path)):
        return _from_path(str(inputs))
    if isinstance(inputs, Video):
        return [*inputs.sources()]
    if isinstance(inputs, ImageSource):
        return [inputs]
    if isinstance(inputs, np.ndarray):
        return [_from_array(inputs, channel_order, 'array')]
    if isinstance(inputs, Image.Image):
        return [_from_array(_rgb_of(inputs), 'rgb', 'PIL image')]
    if not isinstance(inputs, Sequence) or not inputs:
        raise InputError(
            'images: expected a path, folder, pattern, address, video, array, '
            'PIL image or a list of these with at least one element, found '
            f'{inputs!r}.'
        )
    sources = []
    for number, item in enumerate(inputs):
        for source in list_sources(item, channel_order):
            if source.array is not None and source is not item:
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
    elif path.exists() and is_video(path):
        return [*Video(path).sources()]
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


def _from_address(address: str) -> ImageSource:
    if is_video(address.partition('?')[0]):
        raise InputError(
            f'video {address}: expected a file, found an address. Download '
            'it first.'
        )
    return WebImage(address)


def _rgb_of(image: Image.Image) -> Pixels:
    """An image of any mode, upright, RGB."""
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith('I;16'):  # to 8 bits, as OpenCV reads files
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    elif image.mode in ('I', 'F'):  # of which Pillow would cut off the rest
        values = np.asarray(image)
        low, high = values.min(initial=0), values.max(initial=0)
        if not (low >= 0 and high <= 255):
            raise InputError(
                f'PIL image of mode {image.mode}: expected values from 0 to '
                f'255, found {low:g} to {high:g}. Scale them.'
            )
    return np.asarray(image.convert('RGB'))


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
