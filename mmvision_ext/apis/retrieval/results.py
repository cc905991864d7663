"""What searches of an index found."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmvision_ext.visualization.draw import Picture, to_canvas
from mmvision_ext.visualization.grid import image_grid, on_square

from ..result_list import ResultList, coco_content, data_frame
from ..sources import ImageSource

if TYPE_CHECKING:
    from pandas import DataFrame

SIDE = 240  # pixels of a picture's long side
COLUMNS = 5


@dataclass(frozen=True)
class Hit:
    """An image that was found.

    Attributes:
        rank: From 1.
        path: Relative to the folder of the images.
        score: How well it fits.
        details: Score of each attribute asked for.
    """

    rank: int
    path: str
    score: float
    details: Mapping[str, float]

    @property
    def caption(self) -> list[str]:
        """Rank and score, name of the file, scores of several attributes."""
        lines = [f'{self.rank}.  {self.score:.3f}', Path(self.path).name]
        if len(self.details) > 1:
            lines += [f'{k} {score:.2f}' for k, score in self.details.items()]
        return lines


@dataclass(frozen=True)
class SearchResult:
    """What a search found.

    Attributes:
        query: What was searched for, in words.
        measure: What the scores are.
        folder: Folder of the images.
        searched: Number of images searched.
        hits: Best first; of equal ones the first by path.
        source: The image that was searched for; None where it was words or
            attributes.
    """

    query: str
    measure: str
    folder: Path
    searched: int
    hits: tuple[Hit, ...]
    source: ImageSource | None = field(default=None, compare=False)

    @property
    def summary(self) -> str:
        """The query and its first hits, in a line."""
        found = ', '.join(
            f'{hit.path} {hit.score:.2f}' for hit in self.hits[:3]
        )
        return f'{self.query}: {found}'

    @property
    def extent(self) -> str:
        """How many images were found, where and by what, in a line."""
        return (
            f'{len(self.hits)} of {self.searched} images in {self.folder}, '
            f'best first, by {self.measure}'
        )

    @property
    def images(self) -> list[ImageSource]:
        """The images that were found, best first."""
        paths = [self.folder / hit.path for hit in self.hits]
        return [ImageSource(str(path), path) for path in paths]

    def to_dict(self) -> dict[str, Any]:
        """The result as JSON takes it.

        Returns:
            ``query``, ``measure``, ``folder``, ``searched`` and ``hits``
            (``rank``, ``path``, ``score``, ``details``).
        """
        return dict(
            query=self.query,
            measure=self.measure,
            folder=str(self.folder),
            searched=self.searched,
            hits=[asdict(hit) for hit in self.hits],
        )

    def draw(self, long_side: int = SIDE) -> Picture:
        """Draw the hits on a page, behind the image they were searched by.

        Args:
            long_side: Long side of each picture in pixels.

        Returns:
            RGB, shape (H, W, 3), uint8.

        Raises:
            InputError: An image can no longer be read.
        """
        pictures = [thumbnail(image, long_side) for image in self.images]
        return draw_hits(self, pictures, long_side)


class SearchResults(ResultList[SearchResult]):
    """What several searches of one index found, in their order.

    Attributes:
        skipped: Message for each image of a folder, pattern or video that
            could not be read.
    """

    report = 'search.json'

    def to_coco(self) -> dict[str, Any]:
        """All hits as one COCO-style dict.

        COCO has no form for searches: the queries are the categories, and an
        annotation is one image that one of them found, with ``score`` and
        ``rank`` in the place of a box.

        Returns:
            ``images`` (those found: id from 1, file_name relative to
            ``folder``), ``categories`` (id from 1, name: the query),
            ``annotations`` (id from 1, image_id, category_id, score, rank),
            and ``folder``.
        """
        ids: dict[str, int] = {}
        annotations = [
            dict(
                image_id=ids.setdefault(hit.path, len(ids) + 1),
                category_id=number,
                score=hit.score,
                rank=hit.rank,
            )
            for number, result in enumerate(self, start=1)
            for hit in result.hits
        ]
        images = [dict(id=id_, file_name=path) for path, id_ in ids.items()]
        queries = [result.query for result in self]
        content: dict[str, Any] = coco_content(images, queries, annotations)
        content['folder'] = str(self[0].folder) if self else ''
        return content

    def to_pandas(self) -> 'DataFrame':
        """All hits as a table.

        Returns:
            A row for each hit: ``query``, ``rank`` (from 1), ``image``
            (relative to the folder of the images), ``score``, and the score
            of each attribute that was asked for.

        Raises:
            InputError: pandas is not installed.
        """
        rows = [
            {
                'query': result.query,
                'rank': hit.rank,
                'image': hit.path,
                'score': hit.score,
                **hit.details,
            }
            for result in self
            for hit in result.hits
        ]
        columns = dict.fromkeys(('query', 'rank', 'image', 'score'))
        columns |= dict.fromkeys(name for row in rows for name in row)
        return data_frame(rows, list(columns))

    def _images(self) -> list[ImageSource]:
        """Also those that were found."""
        found = [image for result in self for image in result.images]
        return [*super()._images(), *found]


def thumbnail(image: ImageSource, long_side: int = SIDE) -> Picture:
    """A small picture of an image.

    Args:
        image: The image.
        long_side: Its long side in pixels.

    Returns:
        RGB, shape (H, W, 3), uint8.

    Raises:
        InputError: It can no longer be read.
    """
    return to_canvas(image.read_rgb(), long_side)[0]


def draw_hits(
    result: SearchResult, pictures: Sequence[Picture], long_side: int = SIDE
) -> Picture:
    """Put pictures of what was found on a page.

    Args:
        result: What a search found, N images. The image that was searched
            for, if any, comes first.
        pictures: N pictures of :func:`thumbnail`.
        long_side: Their long side in pixels.

    Returns:
        RGB, shape (H, W, 3), uint8.

    Raises:
        InputError: The image that was searched for can no longer be read.
    """
    captions = ['\n'.join(hit.caption) for hit in result.hits]
    if result.source is not None:
        pictures = [thumbnail(result.source, long_side), *pictures]
        captions.insert(0, f'query\n{Path(result.source.name).name}')
    return image_grid(
        [on_square(picture, long_side) for picture in pictures],
        captions,
        COLUMNS,
        result.query,
        result.extent,
    )
