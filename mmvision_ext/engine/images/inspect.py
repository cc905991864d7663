"""What is unusual about one image file, as a training reads it."""

import hashlib
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from mmcv.transforms import LoadImageFromFile
from mmengine import fileio
from PIL import Image, ImageOps

from .reading import read_image

_ORIENTATION = 0x0112  # EXIF tag
_TRANSPOSED = (5, 6, 7, 8)  # orientations that swap width and height
_DEPTH_AT, _PNG_16_BIT = 24, b'\x10'  # of a PNG's header
_WIDE_MODES = ('I', 'F')  # beginnings of Pillow's names
_CLOSE = 3.0  # mean difference of two decoders, in levels of 255

_RAW = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION


@dataclass
class Problem:
    """One thing that is unusual about an image.

    Attributes:
        kind: Short name.
        fails: Whether a training fails, or learns from something wrong.
        text: What it is.
    """

    kind: str
    fails: bool
    text: str


@dataclass
class ImageRecord:
    """What an image file holds.

    Attributes:
        path: The file.
        digest: Hash of its content; empty where it cannot be read.
        format: Pillow's name of the format.
        mode: Pillow's name of the colour mode.
        width: As it is read, in pixels; 0 where it cannot be.
        height: As it is read, in pixels; 0 where it cannot be.
        problems: What is unusual.
    """

    path: str
    digest: str = ''
    format: str = ''
    mode: str = ''
    width: int = 0
    height: int = 0
    problems: list[Problem] = field(default_factory=list)

    def add(self, kind: str, fails: bool, text: str) -> None:
        """Note a problem.

        Args:
            kind: Short name.
            fails: Whether a training fails or learns from something wrong.
            text: What it is.
        """
        self.problems.append(Problem(kind, fails, text))


@contextmanager
def decoder_messages() -> Iterator[list[str]]:
    """Catch what decoders written in C print to the error stream.

    OpenCV returns an image whose middle is damaged and only prints that. Not
    for processes with threads that print.

    Yields:
        A list, which holds the lines when the context ends.
    """
    lines: list[str] = []
    sys.stderr.flush()
    with tempfile.TemporaryFile() as file:
        kept = os.dup(2)
        os.dup2(file.fileno(), 2)
        try:
            yield lines
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            file.seek(0)
            lines += file.read().decode(errors='replace').split('\n')
            lines[:] = [line.strip() for line in lines if line.strip()]


def inspect_image(
    info: Mapping[str, Any], loader: LoadImageFromFile
) -> ImageRecord:
    """Read an image as a training does and look for what is unusual.

    Args:
        info: The sample, with ``img_path``; ``width`` and ``height`` in
            pixels are compared where they are there.
        loader: The transform that reads it.

    Returns:
        The record.
    """
    record = ImageRecord(info['img_path'])
    with decoder_messages() as messages:
        image, fault, text = read_image(info, loader)
    if fault is not None or image is None:
        kind = fault.name.lower() if fault else 'damaged'
        found = fault.text if fault else 'no image'
        record.add(kind, True, f'{found} {text}'.strip())
        return record
    record.height, record.width = image.shape[:2]
    if messages:
        record.add('decoder', False, messages[0])
    content = fileio.get(record.path, backend_args=loader.backend_args)
    record.digest = hashlib.blake2b(content, digest_size=16).hexdigest()
    is_colour = loader.color_type.startswith('color')
    if is_colour and (image.shape[2:] != (3,) or image.dtype != np.uint8):
        record.add(
            'shape',
            not loader.to_float32,
            f'read as {image.shape} {image.dtype}, expected (H, W, 3) uint8',
        )
    orientation = 1
    with suppress(Exception):  # formats that Pillow does not know
        with Image.open(BytesIO(content)) as stored:
            orientation = stored.getexif().get(_ORIENTATION, 1)
            _check_header(record, stored, content)
    if record.mode.startswith(_WIDE_MODES):
        _check_levels(record, image, content)
    _check_size(record, info, image, content, orientation)
    return record


def _check_header(
    record: ImageRecord, stored: Image.Image, content: bytes
) -> None:
    """Format, colour mode and depth."""
    record.format, record.mode = stored.format or '', stored.mode
    suffix = Path(record.path).suffix.lower()
    named = Image.registered_extensions().get(suffix)
    same = {named, record.format} in ({'JPEG', 'MPO'}, {record.format})
    if not same:
        record.add('extension', False, f'{record.format} file named *{suffix}')
    if record.mode == 'CMYK':
        record.add('cmyk', False, 'CMYK, read as three channels')
    depth = content[_DEPTH_AT : _DEPTH_AT + 1]
    if record.mode.startswith(_WIDE_MODES) or (
        record.format == 'PNG' and depth == _PNG_16_BIT
    ):
        record.add('wide', False, 'more than 8 bits, read as 8')


def _check_levels(
    record: ImageRecord, image: np.ndarray, content: bytes
) -> None:
    """Pillow cuts values above 255 off instead of scaling them."""
    grey = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    if grey is not None and _difference(image, grey) > _CLOSE:
        record.add(
            'levels',
            True,
            "values above 255 are cut off; set imdecode_backend='cv2', or "
            "read with type='mmvision_ext.LoadUprightImage'",
        )


def _check_size(
    record: ImageRecord,
    info: Mapping[str, Any],
    image: np.ndarray,
    content: bytes,
    orientation: int,
) -> None:
    """Size by the annotation, and orientation by the file."""
    size = record.width, record.height
    stated = info.get('width'), info.get('height')
    known = None not in stated
    if orientation in range(2, 9):
        turned = _is_turned(image, content, orientation)
        if turned and orientation in _TRANSPOSED and stated == size[::-1]:
            record.add(
                'orientation',
                True,
                f'turned by EXIF orientation {orientation} when read, but '
                'annotated as it is stored; set color_type='
                "'color_ignore_orientation'",
            )
            return
        text = (
            f'EXIF orientation {orientation} is '
            f'{"applied" if turned else "ignored"} when read'
        )
        if orientation in _TRANSPOSED and known and size[0] != size[1]:
            text += ', as the annotated size asks for'
        record.add('orientation', False, text)
    if known and stated != size:
        record.add(
            'size',
            True,
            f'{size[0]} x {size[1]} px, annotated as {stated[0]} x '
            f'{stated[1]} px',
        )


def _is_turned(image: np.ndarray, content: bytes, orientation: int) -> bool:
    """Whether the loader applied the EXIF orientation."""
    raw = cv2.imdecode(np.frombuffer(content, np.uint8), _RAW)
    if raw is None:
        return False
    picture = Image.fromarray(np.ascontiguousarray(raw[..., ::-1]))
    picture.getexif()[_ORIENTATION] = orientation
    upright = np.asarray(ImageOps.exif_transpose(picture))[..., ::-1]
    return _difference(image, upright) < _difference(image, raw)


def _difference(first: np.ndarray, second: np.ndarray) -> float:
    """Mean difference in levels; infinite where the shapes differ."""
    if first.shape != second.shape:
        return float('inf')
    return float(np.abs(first.astype(np.float32) - second).mean())
