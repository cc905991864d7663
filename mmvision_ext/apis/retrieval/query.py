"""Search an index: by attributes, by an image, by words."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmvision_ext.utils import InputError

from ..image_folder import check_names
from ..source_loop import in_batches, read_each
from ..sources import ImageSource
from .encoder import Encoder, Prepared
from .expression import read_question
from .index import ImageIndex, IndexedImage
from .results import Hit, SearchResult, SearchResults

COSINE = 'cosine similarity'

#: Gives the model that made an index, where it is needed.
Load = Callable[[], Encoder]


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
            f'one of {index.model.name}, which has none. Search by --text (in '
            'Python by_text), or build an index with --model.'
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
    load: Load | None = None,
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
    check_names([image])
    path = Path(image).expanduser()
    if not path.is_file():
        raise InputError(f'image: expected a file, found none at {image}.')
    sources = [ImageSource(str(path), path)]
    return search_images(index, sources, load, top, progress=False)[0]


def search_images(
    index: ImageIndex,
    sources: Sequence[ImageSource],
    load: Load | None = None,
    top: int = 20,
    batch_size: int = 1,
    progress: bool = True,
) -> SearchResults:
    """Find images like each of several.

    Args:
        index: The index.
        sources: The images. Where all are in the index, unchanged, no model
            is needed; one of the index is not among its own hits.
        load: Gives the model that made the index, where it is needed.
        top: Number of images to find at most, for each.
        batch_size: Images that run through the model at once.
        progress: Show a progress bar.

    Returns:
        One result for each image that could be read, in order, with cosines
        from -1 to 1. Images of a folder, pattern or video that could not be
        read are counted in a warning and listed in ``skipped``.

    Raises:
        InputError: An image named by the caller cannot be read, or none can,
            or a name is not UTF-8; there is no model, or it is another than
            that of the index; or faiss is not installed.
    """
    _check_top(top)
    check_names(source.name for source in sources)
    _faiss()  # before the images are read
    places = _places_of(index, sources)
    new = [source for source in sources if id(source) not in places]
    encoder = (
        _encoder(index, load, f'the image {new[0].name}') if new else None
    )

    def read(source: ImageSource) -> Prepared | int:
        place = places.get(id(source))
        if place is None and encoder is not None:
            return encoder.prepare(source)
        return places[id(source)]

    results = SearchResults()
    images = read_each(sources, read, results.skipped, 'searching', progress)
    found: list[ImageSource] = []
    vectors: list[NDArray[np.float32]] = []
    for batch in in_batches(images, batch_size):
        found += [source for _, source, _ in batch]
        contents = [content for *_, content in batch]
        vectors += _vectors(index, contents, encoder)
    results.report_skipped(len(sources))
    without = [places.get(id(source)) for source in found]
    nearest = _nearest(index, vectors, top, without)
    for source, hits in zip(found, nearest, strict=True):
        query = f'image: {source.name}'
        results.append(_result(index, query, COSINE, hits, source))
    return results


def search_text(
    index: ImageIndex,
    text: str,
    load: Load | None = None,
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
    index.model.require_words()
    encoder = _encoder(index, load, 'words')
    hits = _nearest(index, [encoder.encode_text(text)], top, [None])[0]
    return _result(index, f'text: {text}', COSINE, hits)


def _encoder(index: ImageIndex, load: Load | None, what: str) -> Encoder:
    """The model, if it is the index's."""
    if load is None:
        raise InputError(
            f'query: expected the model that made the index, which {what} '
            f'needs, found none. Add it as in the build: {index.model}.'
        )
    encoder = load()
    index.require(encoder.identity)
    return encoder


def _vectors(
    index: ImageIndex,
    images: Sequence[Prepared | int],
    encoder: Encoder | None,
) -> list[NDArray[np.float32]]:
    """Vectors of images, by the encoder or from their places in an index."""
    new = [image for image in images if isinstance(image, Prepared)]
    encoded = iter(encoder.encode(new)[0] if encoder and new else ())
    return [
        next(encoded) if isinstance(image, Prepared) else index.vectors[image]
        for image in images
    ]


def _places_of(
    index: ImageIndex, sources: Sequence[ImageSource]
) -> dict[int, int]:
    """``id`` of a source to its place in an index, of the files that are in
    it and have not changed."""
    known = {
        index.file_of(image): place for place, image in enumerate(index.images)
    }
    places = {}
    for source in sources:
        path = source.path
        if path is None:
            continue
        # As the index names it, which may be a link, else what one leads to.
        names = (path.parent.resolve() / path.name, path.resolve())
        for place, name in ((known.get(name), name) for name in names):
            if place is not None and _is_unchanged(index.images[place], name):
                places[id(source)] = place
                break
    return places


def _is_unchanged(image: IndexedImage, path: Path) -> bool:
    if not path.is_file():
        return False
    stat = path.stat()
    return (stat.st_size, stat.st_mtime_ns) == (image.bytes, image.mtime_ns)


def _nearest(
    index: ImageIndex,
    vectors: Sequence[NDArray[np.float32]],
    top: int,
    without: Sequence[int | None],
) -> list[list[Hit]]:
    """The images of the largest cosines to each vector, by exact search, but
    for the one of the index that it is of."""
    flat = _faiss().IndexFlatIP(index.vectors.shape[1])
    flat.add(index.vectors)
    hits = []
    for vector, place in zip(vectors, without, strict=True):
        wanted = min(len(index), top + (place is not None))
        count = min(len(index), wanted + 1)
        cosines, places = flat.search(vector[None], count)
        # until all that are equal to the last one wanted are there
        while count < len(index) and cosines[0, -1] == cosines[0, wanted - 1]:
            count = min(len(index), 2 * count)
            cosines, places = flat.search(vector[None], count)
        hits.append(_hits(index, cosines[0], places[0], place)[:top])
    return hits


def _hits(
    index: ImageIndex,
    cosines: NDArray[np.float32],
    places: NDArray[np.int64],
    without: int | None,
) -> list[Hit]:
    """Hits by cosine, then by path."""
    found = sorted(
        (-float(cosine), int(place))
        for cosine, place in zip(cosines, places, strict=True)
        if place != without
    )
    if not found:
        raise InputError(
            'index: expected an image beside the one that is searched for, '
            'found none. Add images to the folder, and build again.'
        )
    return [
        Hit(rank, index.images[place].path, -negative, {})
        for rank, (negative, place) in enumerate(found, 1)
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
    index: ImageIndex,
    query: str,
    measure: str,
    hits: list[Hit],
    source: ImageSource | None = None,
) -> SearchResult:
    return SearchResult(
        query, measure, index.folder, len(index), tuple(hits), source
    )
