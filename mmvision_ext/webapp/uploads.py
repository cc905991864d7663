"""Pictures from outside, looked at before they are decoded."""

import warnings
from pathlib import Path

from PIL import Image

from mmvision_ext.apis.image_folder import list_images
from mmvision_ext.apis.sources import ImageSource
from mmvision_ext.utils import InputError
from mmvision_ext.visualization.draw import Picture, to_canvas

#: Most pixels of a picture that is taken, width times height.
MAX_PIXELS = 40_000_000

#: Pillow's names of the formats that are taken.
FORMATS = ('JPEG', 'PNG', 'WEBP', 'BMP', 'TIFF', 'PPM')

EXAMPLES = 24
THUMBNAIL = 240  # long side in pixels


def read_upload(path: str | Path, max_pixels: int = MAX_PIXELS) -> ImageSource:
    """Read a picture that somebody sent.

    Its header says the size; a picture that is too large is never decoded.

    Args:
        path: The file, called as the sender called it.
        max_pixels: Most pixels, width times height.

    Returns:
        The picture in memory, upright.

    Raises:
        InputError: It is no picture, too large, or damaged. The message has
            the name of the file and not its folder.
    """
    path = Path(path)
    formats = 'JPEG, PNG, WebP, BMP or TIFF'
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore', Image.DecompressionBombWarning)
            image = Image.open(path, formats=FORMATS)
    except Image.DecompressionBombError:
        raise InputError(
            f'{path.name}: expected at most {max_pixels / 1e6:.0f} million '
            'pixels, found far more. Make it smaller.'
        ) from None
    except (OSError, SyntaxError, ValueError):
        raise InputError(
            f'{path.name}: expected a picture ({formats}), found something '
            'else or a damaged file.'
        ) from None
    with image:
        width, height = image.size
        if width * height > max_pixels:
            raise InputError(
                f'{path.name}: expected at most {max_pixels / 1e6:.0f} '
                f'million pixels, found {width} x {height} = '
                f'{width * height / 1e6:.0f} million. Make it smaller.'
            )
    try:
        pixels = ImageSource(str(path), path).read()
    except InputError:
        raise InputError(
            f'{path.name}: the picture is damaged: it ends too early or its '
            'content cannot be decoded.'
        ) from None
    return ImageSource(path.name, array=pixels)


def example_images(folder: str | Path | None) -> list[Path]:
    """Pictures that the page offers.

    Args:
        folder: Their folder; None for none.

    Returns:
        The first files by name, :data:`EXAMPLES` at most.

    Raises:
        InputError: There is no such folder, or no picture in it.
    """
    return [] if folder is None else list_images(folder)[0][:EXAMPLES]


def thumbnail(source: ImageSource, side: int = THUMBNAIL) -> Picture:
    """A small copy of a picture.

    Args:
        source: The picture.
        side: Length of its long side in pixels; smaller ones keep their
            size.

    Returns:
        RGB, shape (H, W, 3), uint8.

    Raises:
        InputError: It cannot be read.
    """
    image = source.read_rgb()
    return to_canvas(image, min(side, max(image.shape[:2])))[0]


def need_picture(picture: ImageSource | None) -> ImageSource:
    """The picture that was chosen.

    Args:
        picture: It, or None.

    Returns:
        It.

    Raises:
        InputError: There is none.
    """
    if picture is None:
        raise InputError('Choose a picture first: upload one, or an example.')
    return picture
