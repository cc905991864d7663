"""What the results of all inferencers have in common."""

import json
import logging
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from mmengine.logging import print_log

from mmvision_ext.utils import InputError
from mmvision_ext.visualization.draw import Picture, save_image
from mmvision_ext.visualization.video import write_video

from .image_folder import check_names
from .progress import track
from .sources import ImageSource
from .videos import Video, VideoFrame

if TYPE_CHECKING:
    from pandas import DataFrame


class ImageResult(Protocol):
    """What a model says of an image, or of an object in it."""

    @property
    def source(self) -> ImageSource | None:
        """The image; None of a search by words."""

    @property
    def summary(self) -> str:
        """The image and what was found in it, in a line."""

    def draw(self) -> Picture:
        """Draw it: RGB, shape (H, W, 3), uint8."""


Result = TypeVar('Result', bound=ImageResult)


class ResultList(list[Result], ABC, Generic[Result]):
    """Results of several images, in their order.

    Attributes:
        skipped: Message for each image of a folder, pattern or video that
            could not be read.
    """

    #: File that :meth:`save` writes beside the pictures.
    report = 'predictions.json'

    def __init__(self) -> None:
        super().__init__()
        self.skipped: list[str] = []

    @abstractmethod
    def to_coco(self) -> dict[str, Any]:
        """All results as one COCO-style dict.

        Returns:
            ``images`` (id from 1, file_name), ``categories`` (id from 1,
            name) and ``annotations`` (id from 1, image_id, category_id).
        """

    @abstractmethod
    def to_pandas(self) -> 'DataFrame':
        """All results as a table.

        Returns:
            The table; its first column is ``image``, or ``query`` of
            searches.

        Raises:
            InputError: pandas is not installed.
        """

    def report_text(self) -> str:
        """Content of the file :attr:`report`.

        Returns:
            :meth:`to_coco` as JSON.
        """
        return json.dumps(self.to_coco(), ensure_ascii=False)

    def save(self, folder: str | Path, progress: bool = False) -> list[Path]:
        """Write a picture of each result, and all of them as JSON.

        Pictures are named after their images, those without one ``words``; a
        number is added where two have one name. Frames of a video become one
        ``.mp4`` again.

        Args:
            folder: Where to; made where missing. Files of an earlier call
                are replaced.
            progress: Show a progress bar.

        Returns:
            The files written, the JSON file last.

        Raises:
            InputError: The images lie in this folder, or a name is not UTF-8.
        """
        folder = Path(folder)
        images = self._images()
        refuse_source_folder(folder, images)
        check_names(image.name for image in images)
        taken: set[str] = set()
        files = []
        shown = track(self, 'drawing', len(self), progress)
        for video, results in groupby(shown, _video_of):
            if video is None:
                for result in results:
                    stem = result.source.stem if result.source else 'words'
                    name = _free_name(stem, '.png', taken)
                    files.append(save_image(folder / name, result.draw()))
            else:
                name = _free_name(video.path.stem, '.mp4', taken)
                pictures = (result.draw() for result in results)
                rate = video.fps / video.every
                files.append(write_video(folder / name, pictures, rate))
        path = folder / self.report
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.report_text() + '\n', encoding='utf-8')
        return [*files, path]

    def report_skipped(self, total: int) -> None:
        """Warn of images that could not be read.

        Args:
            total: Number of images that were asked for.

        Raises:
            InputError: None of them could be read.
        """
        if not self.skipped:
            return
        text = (
            f'{len(self.skipped)} of {total} images could not be read:\n  '
            + '\n  '.join(self.skipped)
        )
        if len(self.skipped) == total:
            raise InputError(text)
        print_log(text, 'current', logging.WARNING)

    def _images(self) -> list[ImageSource]:
        """The images that results are of."""
        return [result.source for result in self if result.source]

    def _numbered(self) -> list[tuple[int, Result]]:
        """Results with the ids of their images, from 1.

        Results that follow each other and are of one image have one id.
        """
        numbered = []
        groups = groupby(self, lambda result: id(result.source))
        for image_id, (_, results) in enumerate(groups, start=1):
            numbered += [(image_id, result) for result in results]
        return numbered


def coco_content(
    images: list[dict[str, Any]],
    classes: Sequence[str],
    annotations: list[dict[str, Any]],
) -> dict[str, list[dict[str, Any]]]:
    """A COCO-style dict.

    Args:
        images: Its images.
        classes: Names of the categories, in the order of the labels.
        annotations: Its annotations; they get ``id``, from 1.

    Returns:
        ``images``, ``categories`` (``id``, from 1, and ``name``) and
        ``annotations``.
    """
    for number, annotation in enumerate(annotations, start=1):
        annotation['id'] = number
    categories = [
        dict(id=number, name=name)
        for number, name in enumerate(classes, start=1)
    ]
    return dict(images=images, categories=categories, annotations=annotations)


def data_frame(
    rows: Sequence[Mapping[str, Any]], columns: Sequence[str] | None = None
) -> 'DataFrame':
    """A pandas table.

    Args:
        rows: Column to value.
        columns: The columns; None takes those of the rows.

    Returns:
        The table.

    Raises:
        InputError: pandas is not installed.
    """
    try:
        from pandas import DataFrame
    except ImportError:
        raise InputError(
            'to_pandas: expected pandas, found it not installed: pip install '
            'pandas, or use to_coco().'
        ) from None
    return DataFrame(rows, columns=columns)


def picture_name(source: ImageSource, taken: set[str]) -> str:
    """Name a picture after its image.

    Args:
        source: The image.
        taken: Names given so far; the new one is added.

    Returns:
        File name, with a number where two images have one name.
    """
    return _free_name(source.stem, '.png', taken)


def refuse_source_folder(
    folder: str | Path, sources: Iterable[ImageSource]
) -> None:
    """Keep pictures out of the folders that images are read from.

    A picture of ``a.jpg`` is called ``a.png``: written beside ``a.jpg`` it
    would replace an image of that name.

    Args:
        folder: Where pictures are to be written.
        sources: The images.

    Raises:
        InputError: One of the images lies in the folder.
    """
    folder = Path(folder).resolve()
    for path in dict.fromkeys(source.origin for source in sources):
        if path and folder in (path.parent.resolve(), path.resolve().parent):
            raise InputError(
                f'output folder {folder}: expected another folder than that '
                f'of the images, found {path} in it, and pictures named '
                'after images could replace images. Name a folder of its '
                'own, such as work_dirs/pictures.'
            )


def _video_of(result: ImageResult) -> Video | None:
    source = result.source
    return source.video if isinstance(source, VideoFrame) else None


def _free_name(stem: str, ending: str, taken: set[str]) -> str:
    name, number = f'{stem}{ending}', 2
    while name in taken:
        name = f'{stem}_{number}{ending}'
        number += 1
    taken.add(name)
    return name
