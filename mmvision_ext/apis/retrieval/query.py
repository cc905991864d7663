"""Search an index: by attributes, by an image, by words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmvision_ext.utils import InputError

from ..image_folder import check_names
from ..sources import ImageSource
from .encoder import Encoder
from .expression import read_question
from .index import ImageIndex, IndexedImage

COSINE = 'cosine similarity'


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


@dataclass(frozen=True)
class SearchResult:
    """What a search found.

    Attributes:
        query: What was searched for, in words.
        measure: What the scores are.
        folder: Folder of the images.
        searched: Number of images searched.
        hits: Best first; of equal ones the first by path.
    """

    query: str
    measure: str
    folder: Path
    searched: int
    hits: tuple[Hit, ...]


def search_attributes(
    index: ImageIndex, question: str, top: int = 20
) -> SearchResult:
    """Find images by their attributes.

    Args:
        index: The index.
        question: Such as ``metal and not indoor``; see
            :func:`~mmvision_ext.apis.retrieval.expression.read_question`.
        top: Number of images to find at most.

    Returns:
        The images, with scores from 0 to 1.

    Raises:
        InputError: The index has no scores, or the question cannot be read.
    """
    _check_top(top)
    if not index.names:
        raise InputError(
            'attributes: expected an index with scores of attributes, found '
            f'one of {index.model.name}, which has none. Search by --text, or '
            'build an index with --model.'
        )
    read = read_question(question, index.names)
    scores = read.answer(index.scores)
    order = np.argsort(-scores, kind='stable')[:top]
    hits = [
        Hit(
            rank,
            index.images[place].path,
            float(scores[place]),
            {
                index.names[column]: float(index.scores[place, column])
                for column in read.columns
            },
        )
        for rank, place in enumerate(order, 1)
    ]
    return _result(index, f'attributes: {question}', 'fuzzy score', hits)


def search_image(
    index: ImageIndex,
    image: str | Path,
    load: Callable[[], Encoder] | None = None,
    top: int = 20,
) -> SearchResult:
    """Find images like one.

    Args:
        index: The index.
        image: The image file. Where it is in the index, unchanged, no model
            is needed, and it is not among those found.
        load: Gives the model that made the index, where it is needed.
        top: Number of images to find at most.

    Returns:
        The images, with cosines from -1 to 1.

    Raises:
        InputError: The image cannot be read or its name is not UTF-8, there
            is no model, or it is another than that of the index; or faiss is
            not installed.
    """
    _check_top(top)
    check_names([image])
    path = Path(image).expanduser()
    place = _place_of(index, path)
    if place is not None:
        vector = index.vectors[place]
    else:
        if not path.is_file():
            raise InputError(f'image: expected a file, found none at {image}.')
        encoder = _encoder(index, load, f'the image {image}')
        prepared = encoder.prepare(ImageSource(str(path), path))
        vector = encoder.encode([prepared])[0][0]
    hits = _nearest(index, vector, top, place)
    return _result(index, f'image: {image}', COSINE, hits)


def search_text(
    index: ImageIndex,
    text: str,
    load: Callable[[], Encoder] | None = None,
    top: int = 20,
) -> SearchResult:
    """Find images by words.

    Args:
        index: The index, of CLIP, or of the embeddings that a cross-modal
            classifier shares between images and attributes.
        text: Words for CLIP; for the other, names of attributes with commas
            between.
        load: Gives the model that made the index.
        top: Number of images to find at most.

    Returns:
        The images, with cosines from -1 to 1.

    Raises:
        InputError: There is no model, it is another than that of the index,
            or has no vectors for these words; or faiss is not installed.
    """
    _check_top(top)
    encoder = _encoder(index, load, 'words')
    hits = _nearest(index, encoder.encode_text(text), top)
    return _result(index, f'text: {text}', COSINE, hits)


def _encoder(
    index: ImageIndex, load: Callable[[], Encoder] | None, what: str
) -> Encoder:
    """The model, if it is the index's."""
    if load is None:
        raise InputError(
            f'query: expected the model that made the index, which {what} '
            f'needs, found none. Add it as in the build: {index.model}.'
        )
    encoder = load()
    index.require(encoder.identity)
    return encoder


def _place_of(index: ImageIndex, path: Path) -> int | None:
    """Where an image stands in an index; None if not, or if it changed."""
    places = {
        index.file_of(image): place for place, image in enumerate(index.images)
    }
    # As the index names it, which may be a link, else what a link leads to.
    for name in (path.parent.resolve() / path.name, path.resolve()):
        place = places.get(name)
        if place is not None and _is_unchanged(index.images[place], name):
            return place
    return None


def _is_unchanged(image: IndexedImage, path: Path) -> bool:
    if not path.is_file():
        return False
    stat = path.stat()
    return (stat.st_size, stat.st_mtime_ns) == (image.bytes, image.mtime_ns)


def _nearest(
    index: ImageIndex,
    vector: NDArray[np.float32],
    top: int,
    without: int | None = None,
) -> list[Hit]:
    """The images of the largest cosines, by exact search."""
    count = min(len(index), top + (without is not None))
    flat = _faiss().IndexFlatIP(index.vectors.shape[1])
    flat.add(index.vectors)
    cosines, places = flat.search(vector[None], count)
    found = sorted(
        (-float(cosine), int(place))
        for cosine, place in zip(cosines[0], places[0], strict=True)
        if place != without
    )
    if not found:
        raise InputError(
            'index: expected an image beside the one that is searched for, '
            'found none. Add images to the folder, and build again.'
        )
    return [
        Hit(rank, index.images[place].path, -negative, {})
        for rank, (negative, place) in enumerate(found[:top], 1)
    ]


def _faiss() -> Any:
    try:
        import faiss
    except ImportError as error:
        raise InputError(
            'search: expected the package faiss-cpu, found none. Install it: '
            f'pip install faiss-cpu ({error})'
        ) from error
    return faiss


def _check_top(top: int) -> None:
    if top < 1:
        raise InputError(f'top: expected at least 1, found {top}.')


def _result(
    index: ImageIndex, query: str, measure: str, hits: list[Hit]
) -> SearchResult:
    return SearchResult(query, measure, index.folder, len(index), tuple(hits))
