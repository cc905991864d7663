"""What the results of all inferencers share."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from mmvision_ext.apis.result_list import ResultList
from mmvision_ext.apis.sources import ImageSource, list_sources
from mmvision_ext.apis.videos import Video
from mmvision_ext.testing.tiny_photos import write_grey_video
from mmvision_ext.utils import InputError


@dataclass
class Plain:
    """A result that is drawn as its image."""

    source: ImageSource

    @property
    def summary(self) -> str:
        return self.source.name

    def draw(self) -> np.ndarray:
        return self.source.read()[..., ::-1]


class PlainList(ResultList[Plain]):
    """Results of that kind."""

    def to_coco(self) -> dict[str, Any]:
        return dict(images=[result.summary for result in self])

    def to_pandas(self) -> Any:
        raise NotImplementedError


def results_of(*inputs: Any) -> PlainList:
    results = PlainList()
    results += map(Plain, list_sources(inputs))
    return results


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return write_grey_video(tmp_path / 'in' / 'a.mp4', range(0, 240, 40))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path) -> Path:
    (tmp_path / 'in').mkdir()
    return tmp_path / 'in'


def test_frames_become_a_video_and_images_pictures(
    clip: Path, folder: Path, tmp_path: Path
) -> None:
    image = folder / 'a.jpg'
    Image.new('RGB', (8, 8)).save(image)
    results = results_of(image, Video(clip, 2), image, clip)
    files = results.save(tmp_path / 'out')
    assert [path.name for path in files] == [
        'a.png',
        'a.mp4',
        'a_2.png',
        'a_2.mp4',
        'predictions.json',
    ]
    videos = [Video(files[1]), Video(files[3])]
    assert [video.num_frames for video in videos] == [3, 6]
    assert [video.fps for video in videos] == [5, 10]
    shown = [source.read().mean() for source in videos[0].sources()]
    assert shown == pytest.approx([0, 80, 160], abs=8)
    assert cv2.imread(str(files[2])).shape == (8, 8, 3)


def test_a_video_is_not_replaced(clip: Path) -> None:
    with pytest.raises(InputError, match='found .*a.mp4 in it'):
        results_of(clip).save(clip.parent)


def test_results_of_one_image_share_its_id(clip: Path) -> None:
    results = results_of(np.zeros((2, 2, 3), 'u1'), clip)
    results.insert(1, Plain(results[0].source))
    assert [number for number, _ in results._numbered()] == [
        *(1, 1, 2, 3, 4, 5, 6, 7)
    ]
