"""Frames of videos."""

from pathlib import Path

import numpy as np
import pytest

from mmvision_ext.apis.sources import list_sources
from mmvision_ext.apis.videos import Video
from mmvision_ext.testing.tiny_photos import write_grey_video
from mmvision_ext.utils import InputError

LEVELS = (20, 60, 100, 140, 180, 220, 20)


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return write_grey_video(tmp_path / 'my clip.mp4', LEVELS)


def levels(sources) -> list[int]:
    """Grey of each, rounded to the levels of the clip."""
    return [round(source.read().mean() / 20) * 20 for source in sources]


def test_a_video_file_gives_all_its_frames(clip: Path) -> None:
    sources = list_sources(str(clip))
    assert levels(sources) == list(LEVELS)
    assert sources[3].name == f'{clip} frame 3'
    assert sources[3].stem == 'my_clip_frame_000003'
    assert sources[3].path is None and sources[3].origin == clip
    assert sources[3].read().shape == (64, 64, 3)


def test_every_nth_frame(clip: Path) -> None:
    sources = list_sources([Video(clip, every=3), np.zeros((2, 2, 3), 'u1')])
    assert [source.name for source in sources] == [
        f'{clip} frame 0',
        f'{clip} frame 3',
        f'{clip} frame 6',
        'array 1',
    ]
    assert levels(sources[:3]) == [20, 140, 20]


def test_frames_are_exact_in_any_order(clip: Path) -> None:
    sources = list_sources(clip)
    order = [5, 5, 2, 0, 6, 1, 1]
    assert levels(sources[i] for i in order) == [LEVELS[i] for i in order]


def test_frames_are_decoded_when_they_are_read(clip: Path) -> None:
    video = Video(clip)
    sources = video.sources()
    assert video._next == 0
    sources[1].read()
    assert video._next == 2


def test_a_video_says_how_fast_it_is(clip: Path) -> None:
    video = Video(clip, every=2)
    assert video.fps == pytest.approx(10)
    assert video.num_frames == 7 and len(video.sources()) == 4


def test_frames_that_the_header_promises_in_vain(clip: Path) -> None:
    video = Video(clip)
    video.num_frames = 9
    sources = video.sources()
    with pytest.raises(InputError, match='frame 8 of 9 cannot be decoded'):
        sources[8].read()
    assert sources[8].may_skip
    assert levels(sources[:2]) == [20, 60]


def test_frames_are_counted_where_the_header_does_not(
    clip: Path, monkeypatch
) -> None:
    class Silent:
        """A capture that does not know how long it is, nor how fast."""

        def __init__(self, path: str) -> None:
            self._capture = capture(path)

        def get(self, key: int) -> float:
            return 0.0

        def __getattr__(self, name: str):
            return getattr(self._capture, name)

    import cv2

    capture = cv2.VideoCapture
    monkeypatch.setattr(cv2, 'VideoCapture', Silent)
    video = Video(clip)
    assert (video.num_frames, video.fps) == (7, 25)
    assert levels(video.sources()) == list(LEVELS)


def test_what_is_no_video(tmp_path: Path, clip: Path) -> None:
    with pytest.raises(InputError, match='found none at .*gone.mp4'):
        Video(tmp_path / 'gone.mp4')
    (tmp_path / 'text.mp4').write_text('no video')
    with pytest.raises(InputError, match='text.mp4 cannot be read: expected'):
        list_sources(tmp_path / 'text.mp4')
    with pytest.raises(InputError, match='every: .* found 0'):
        Video(clip, every=0)


def test_a_folder_gives_its_images_only(clip: Path) -> None:
    with pytest.raises(InputError, match='expected images'):
        list_sources(clip.parent)
