"""Videos of pictures."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from mmvision_ext.utils import InputError
from mmvision_ext.visualization.video import write_video


def frames(path: Path) -> list[np.ndarray]:
    """Frames, BGR."""
    capture, found = cv2.VideoCapture(str(path)), []
    while (frame := capture.read())[0]:
        found.append(frame[1])
    return found


def plain(height: int, width: int, color: tuple[int, ...]) -> np.ndarray:
    return np.full((height, width, 3), color, np.uint8)


def test_pictures_become_frames(tmp_path: Path) -> None:
    colors = [(200, 30, 30), (30, 200, 30), (30, 30, 200)]
    pictures = (plain(48, 64, color) for color in colors)
    path = write_video(tmp_path / 'a' / 'b.mp4', pictures, 5)
    found = frames(path)
    assert [frame.shape for frame in found] == [(48, 64, 3)] * 3
    for frame, color in zip(found, colors, strict=True):
        assert frame.mean((0, 1))[::-1] == pytest.approx(color, abs=8)
    assert cv2.VideoCapture(str(path)).get(cv2.CAP_PROP_FPS) == 5


def test_sizes_that_differ(tmp_path: Path) -> None:
    grey = (100, 100, 100)
    pictures = [plain(49, 65, grey), plain(49, 65, grey), plain(96, 64, grey)]
    found = frames(write_video(tmp_path / 'a.mp4', pictures, 5))
    assert [frame.shape for frame in found] == [(48, 64, 3)] * 3
    assert found[1].mean() == pytest.approx(100, abs=5)
    left, right = found[2][:, :30], found[2][:, 40:]
    assert left.mean() == pytest.approx(100, abs=8)
    assert right.mean() == pytest.approx(255, abs=8)


def test_no_pictures(tmp_path: Path) -> None:
    with pytest.raises(InputError, match='expected pictures, found none'):
        write_video(tmp_path / 'a.mp4', [], 5)


@pytest.mark.parametrize(
    ('fps', 'stored'), [(239.758, 239.76), (90000, 65535), (0.001, 0.01)]
)
def test_rates_that_mpeg_4_cannot_store(
    tmp_path: Path, fps: float, stored: float
) -> None:
    path = write_video(tmp_path / 'a.mp4', [plain(8, 8, (9, 9, 9))] * 2, fps)
    assert len(frames(path)) == 2
    found = cv2.VideoCapture(str(path)).get(cv2.CAP_PROP_FPS)
    assert found == pytest.approx(stored)
