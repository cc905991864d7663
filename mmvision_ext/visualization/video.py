"""Pictures as a video file."""

from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np

from mmvision_ext.utils import InputError

from .draw import WHITE, Picture

CODEC = 'mp4v'  # MPEG-4 part 2: OpenCV's wheels bring its encoder
FASTEST = 2**16 - 1  # of its time base, which is a ratio of whole numbers
SLOWEST = 0.01


def write_video(
    path: str | Path, pictures: Iterable[Picture], fps: float
) -> Path:
    """Write pictures one after another, without keeping them.

    Args:
        path: File to write, ``*.mp4``; missing folders are made.
        pictures: RGB, each (H, W, 3), uint8. All get the size of the first,
            less a row or column where that is odd; others are scaled to fit
            and have white beside them.
        fps: Pictures per second; the nearest that MPEG-4 can store is
            written.

    Returns:
        The path.

    Raises:
        InputError: There are no pictures, or this OpenCV cannot write MP4.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = None
    try:
        for picture in pictures:
            if writer is None:
                height, width = (side // 2 * 2 for side in picture.shape[:2])
                writer = _open(path, _storable(fps), (width, height))
            if picture.shape[:2] != (height, width):
                picture = _fitted(picture, height, width)
            writer.write(np.ascontiguousarray(picture[..., ::-1]))
    finally:
        if writer is not None:
            writer.release()
    if writer is None:
        raise InputError(f'video {path}: expected pictures, found none.')
    return path


def _storable(fps: float) -> float:
    """With as many digits as the numerator of the time base has room for."""
    fps = min(max(fps, SLOWEST), FASTEST)
    digits = next(n for n in (3, 2, 1, 0) if fps * 10**n <= FASTEST)
    return round(fps, digits)


def _open(path: Path, fps: float, size: tuple[int, int]) -> cv2.VideoWriter:
    code = cv2.VideoWriter.fourcc(*CODEC)
    writer = cv2.VideoWriter(str(path), code, fps, size)
    if not writer.isOpened():
        raise InputError(
            f'video {path}: expected an OpenCV that writes MP4 ({CODEC}), '
            'found that it cannot. Install opencv-python-headless from PyPI.'
        )
    return writer


def _fitted(picture: Picture, height: int, width: int) -> Picture:
    """A picture in a frame of a given size."""
    if 0 <= picture.shape[0] - height < 2 and (
        0 <= picture.shape[1] - width < 2
    ):
        return picture[:height, :width]
    scale = min(height / picture.shape[0], width / picture.shape[1])
    size = (
        max(1, min(width, round(picture.shape[1] * scale))),
        max(1, min(height, round(picture.shape[0] * scale))),
    )
    frame = np.full((height, width, 3), WHITE, np.uint8)
    frame[: size[1], : size[0]] = cv2.resize(
        picture, size, interpolation=cv2.INTER_AREA
    )
    return frame
