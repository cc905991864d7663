"""Faulty and unusual image files, for tests of what reads them."""

import json
from collections.abc import Callable, Iterable, Sequence
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

_ORIENTATION = 0x0112  # EXIF tag
_SHARES = (0.01, 0.1, 0.5, 0.9, 0.99)  # of a file that is left

Injector = Callable[[Path, np.random.Generator], None]


def truncate(path: Path, rng: np.random.Generator) -> None:
    """Cut a file off at 1, 10, 50, 90 or 99 percent of its length.

    Args:
        path: The image file.
        rng: Draws the share.
    """
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * rng.choice(_SHARES))])


def empty(path: Path, rng: np.random.Generator) -> None:
    """Leave a file without content.

    Args:
        path: The image file.
        rng: Not used.
    """
    path.write_bytes(b'')


def remove(path: Path, rng: np.random.Generator) -> None:
    """Remove a file.

    Args:
        path: The image file.
        rng: Not used.
    """
    path.unlink()


def replace_by_text(path: Path, rng: np.random.Generator) -> None:
    """Put what a server answers instead of an image into a file.

    Args:
        path: The image file.
        rng: Draws the status code.
    """
    path.write_text(f'<html>{rng.integers(400, 600)} not found</html>')


def overwrite_start(path: Path, rng: np.random.Generator) -> None:
    """Overwrite the first 16 bytes, which tell the format.

    Args:
        path: The image file.
        rng: Draws the bytes.
    """
    content = path.read_bytes()
    path.write_bytes(rng.bytes(16) + content[16:])


#: Every one leaves a file that no decoder may take for the whole image.
FAULTS: dict[str, Injector] = {
    'truncated': truncate,
    'empty': empty,
    'missing': remove,
    'not_an_image': replace_by_text,
    'overwritten': overwrite_start,
}


def make_cmyk(path: Path, rng: np.random.Generator) -> None:
    """Save an image as a CMYK JPEG.

    Args:
        path: The image file.
        rng: Not used.
    """
    _image(path).convert('CMYK').save(path, 'JPEG', quality=95)


def make_16_bit(path: Path, rng: np.random.Generator) -> None:
    """Save an image as a greyscale PNG of 16 bits, whatever its name.

    Args:
        path: The image file.
        rng: Not used.
    """
    grey = np.asarray(_image(path).convert('L')).astype(np.uint16) * 257
    Image.fromarray(grey).save(path, 'PNG')


def make_16_bit_colour(path: Path, rng: np.random.Generator) -> None:
    """Save an image as a colour PNG of 16 bits, whatever its name.

    Args:
        path: The image file.
        rng: Not used.
    """
    image = np.asarray(_image(path))[..., ::-1].astype(np.uint16) * 257
    path.write_bytes(cv2.imencode('.png', image)[1].tobytes())


def change_format(path: Path, rng: np.random.Generator) -> None:
    """Save an image as a PNG under the name it has.

    Args:
        path: The image file.
        rng: Not used.
    """
    _image(path).save(path, 'PNG')


def turn(path: Path, rng: np.random.Generator) -> None:
    """Store an image turned by 90 degrees, with an EXIF tag that undoes it.

    What a viewer shows is the image as it was.

    Args:
        path: The image file.
        rng: Draws the direction.
    """
    orientation, angle = [(6, 90), (8, -90)][rng.integers(2)]
    tags = Image.Exif()
    tags[_ORIENTATION] = orientation
    stored = _image(path).rotate(angle, expand=True)
    stored.save(path, 'JPEG', quality=95, exif=tags)


#: Every one leaves a file that can be read, by some decoders otherwise than
#: by others.
UNUSUAL: dict[str, Injector] = {
    'cmyk': make_cmyk,
    'sixteen_bit': make_16_bit,
    'sixteen_bit_colour': make_16_bit_colour,
    'other_format': change_format,
    'turned': turn,
}


def inject(
    paths: Iterable[Path], injectors: dict[str, Injector], seed: int = 0
) -> dict[Path, str]:
    """Change image files, each injector in turn.

    Args:
        paths: The files.
        injectors: Name to function, such as :data:`FAULTS`.
        seed: The same seed gives the same files.

    Returns:
        Path to the name of what was done to it.
    """
    rng = np.random.default_rng(seed)
    names = list(injectors)
    done = {}
    for number, path in enumerate(sorted(paths)):
        name = names[number % len(names)]
        injectors[name](path, rng)
        done[path] = name
    return done


def make_image_folder(
    root: Path, size: tuple[int, int] = (48, 32)
) -> list[Path]:
    """Write 24 JPEG files, in a folder for each of three classes.

    Args:
        root: Folder to make.
        size: Width and height in pixels.

    Returns:
        The files, sorted.
    """
    rng = np.random.default_rng(0)
    paths = []
    for label in range(3):
        folder = root / f'class_{label}'
        folder.mkdir(parents=True)
        for number in range(8):
            path = folder / f'{number:03d}.jpg'
            Image.fromarray(_pixels(rng, size)).save(path, quality=95)
            paths.append(path)
    return paths


def write_boxes(root: Path, paths: Sequence[Path]) -> Path:
    """Annotate image files in the COCO format, one box of ``thing`` each.

    Args:
        root: Folder that ``file_name`` is relative to.
        paths: The files, which can be read.

    Returns:
        ``root / 'boxes.json'``.
    """
    images, boxes = [], []
    for number, path in enumerate(paths):
        with Image.open(path) as image:
            width, height = image.size
        name = str(path.relative_to(root))
        images.append(
            dict(id=number, file_name=name, width=width, height=height)
        )
        boxes.append(
            dict(
                id=number,
                image_id=number,
                category_id=1,
                bbox=[2, 2, 20, 12],
                area=240,
                iscrowd=0,
            )
        )
    content = dict(
        images=images,
        annotations=boxes,
        categories=[dict(id=1, name='thing')],
    )
    file = root / 'boxes.json'
    file.write_text(json.dumps(content), encoding='utf-8')
    return file


def _pixels(
    rng: np.random.Generator, size: tuple[int, int]
) -> NDArray[np.uint8]:
    """A smooth image, RGB, (H, W, 3), with no symmetry."""
    coarse = rng.integers(0, 256, (4, 5, 3), np.uint8)
    smooth = cv2.resize(coarse, size, interpolation=cv2.INTER_LINEAR)
    return smooth.astype(np.uint8)


def _image(path: Path) -> Image.Image:
    """The image of a file, RGB, whose file may be overwritten."""
    return Image.open(BytesIO(path.read_bytes())).convert('RGB')
