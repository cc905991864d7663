"""Frames of videos, decoded when they are read."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from mmvision_ext.utils import InputError

from .image_source import ImageSource, Pixels

VIDEO_SUFFIXES = ('.mp4', '.m4v', '.mov', '.avi', '.mkv', '.webm')
DEFAULT_FPS = 25.0  # where a file does not tell


class Video:
    """A video whose frames are images.

    Frames are decoded one after another; to read an earlier one again starts
    from the beginning, so that every frame is exactly the one asked for.

    Args:
        path: The file.
        every: Take every so many-th frame, from the first.

    Attributes:
        path: The file.
        every: As above.
        fps: Frames per second of the file.
        num_frames: Frames in the file, as its header says.

    Raises:
        InputError: There is no such file, it is no video, or ``every`` is
            below 1.
    """

    def __init__(self, path: str | Path, every: int = 1) -> None:
        if every < 1:
            raise InputError(f'every: expected at least 1, found {every}.')
        self.path = Path(path).expanduser()
        self.every = every
        if not self.path.is_file():
            raise InputError(f'video: expected a file, found none at {path}.')
        self._open()
        self.fps = self._capture.get(cv2.CAP_PROP_FPS) or DEFAULT_FPS
        self.num_frames = int(self._capture.get(cv2.CAP_PROP_FRAME_COUNT))
        if self.num_frames <= 0:
            self.num_frames = self._count()
        if not self.num_frames:
            raise InputError(f'video {path}: expected frames, found none.')

    def sources(self) -> list['VideoFrame']:
        """List the frames that are taken.

        Returns:
            Every ``every``-th frame, to be decoded when it is read.
        """
        return [
            VideoFrame(
                f'{self.path} frame {index}',
                may_skip=True,
                video=self,
                index=index,
            )
            for index in range(0, self.num_frames, self.every)
        ]

    def frame(self, index: int) -> Pixels:
        """Decode one frame.

        Args:
            index: Its position in the file, from 0.

        Returns:
            BGR, shape (H, W, 3), uint8.

        Raises:
            InputError: It cannot be decoded.
        """
        if index < self._next - 1:
            self._open()
        while self._next <= index and self._capture.grab():
            self._next += 1
        if self._next == index + 1:
            found, pixels = self._capture.retrieve()
            if found:
                return np.asarray(pixels, np.uint8)
        raise InputError(
            f'video {self.path}: frame {index} of {self.num_frames} cannot be '
            'decoded; the file is cut off, or its header counts wrong.'
        )

    def _open(self) -> None:
        self._capture = cv2.VideoCapture(str(self.path))
        self._next = 0
        if not self._capture.isOpened():
            raise InputError(
                f'video {self.path} cannot be read: expected a video '
                f'({", ".join(VIDEO_SUFFIXES)}) of a codec that OpenCV knows, '
                'found none.'
            )

    def _count(self) -> int:
        count = 0
        while self._capture.grab():
            count += 1
        self._open()
        return count


@dataclass(frozen=True)
class VideoFrame(ImageSource):
    """One frame of a video.

    Attributes:
        video: The video.
        index: Position of the frame in the file, from 0.
    """

    video: Video | None = None
    index: int = 0

    @property
    def stem(self) -> str:
        """Name of the video with the number of the frame."""
        assert self.video is not None  # a default, after those of the base
        name = self.video.path.stem.replace(' ', '_')
        return f'{name}_frame_{self.index:06d}'

    @property
    def origin(self) -> Path | None:
        """The video file."""
        return None if self.video is None else self.video.path

    def read(self) -> Pixels:
        """Decode the frame.

        Returns:
            BGR, shape (H, W, 3), uint8.

        Raises:
            InputError: It cannot be decoded.
        """
        assert self.video is not None
        return self.video.frame(self.index)


def is_video(name: str | Path) -> bool:
    """Whether a file is a video by its ending.

    Args:
        name: The file.

    Returns:
        True for the endings of :data:`VIDEO_SUFFIXES`.
    """
    return Path(name).suffix.lower() in VIDEO_SUFFIXES
