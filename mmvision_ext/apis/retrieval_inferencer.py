"""One call from images, words or attributes to the images of an index."""

from collections.abc import Callable, Sequence
from pathlib import Path

from mmengine.config import Config

from mmvision_ext.utils import InputError
from mmvision_ext.utils.number_checks import check_count

from .retrieval import (
    ImageIndex,
    SearchResult,
    SearchResults,
    load_encoder,
    load_index,
    search_attributes,
    search_images,
    search_text,
)
from .retrieval.encoder import Encoder
from .sources import ChannelOrder, ImageInput, list_sources


class RetrievalInferencer:
    """Find images of an index like others, by words, or by attributes.

    Args:
        index: Folder that ``tools/retrieve.py build`` wrote, or the index.
        model: The model that made the index: config file or config of a
            classifier, architecture of a CLIP, or the encoder itself. None
            will do for attributes, and for images that are in the index.
        checkpoint: File of the weights; an encoder has them.
        device: Such as ``'cuda:0'`` or ``'cpu'``; None takes the first GPU
            where there is one.
        k: Number of images to find at most, for each query.
        trust_checkpoint: Whether code that the checkpoint of a classifier
            holds is run.

    Raises:
        InputError: The index cannot be read; or the model cannot, or is
            another than that of the index.

    Example:
        >>> retrieve = RetrievalInferencer('index', 'config.py', 'epoch.pth')
        >>> for result in retrieve('photos/'):
        ...     print(result.source.name, [hit.path for hit in result.hits])
        >>> retrieve.by_attributes('metal and not indoor')[0].draw()
    """

    def __init__(
        self,
        index: str | Path | ImageIndex,
        model: str | Path | Config | Encoder | None = None,
        checkpoint: str | Path | None = None,
        device: str | None = None,
        k: int = 20,
        trust_checkpoint: bool = False,
    ) -> None:
        check_count(k, 'k')
        self.k = k
        if not isinstance(index, ImageIndex):
            index = load_index(index)
        self.index = index
        if isinstance(model, (str, Path, Config)):
            if checkpoint is None:
                raise InputError(
                    'checkpoint: expected the file of the weights that made '
                    f'the index, found none. Add it: {index.model}.'
                )
            model = load_encoder(
                index.model.vectors,
                model,
                checkpoint,
                device,
                trust_checkpoint,
            )
        if model is not None:
            index.require(model.identity)
        self.encoder = model

    def __call__(
        self,
        inputs: ImageInput | Sequence[ImageInput],
        batch_size: int = 1,
        channel_order: ChannelOrder = 'bgr',
        progress: bool = True,
    ) -> SearchResults:
        """Find images like others.

        Args:
            inputs: A file, a folder, a pattern, an address, a video, an
                array (H, W, 3) uint8, a PIL image, or a list of these, see
                :func:`~mmvision_ext.apis.sources.list_sources`. A file of
                the index is not among its own hits.
            batch_size: Images that run through the model at once.
            channel_order: Order of the channels of arrays: ``'bgr'`` as
                mmdet, mmcv and cv2 have them, or ``'rgb'``.
            progress: Show a progress bar.

        Returns:
            One result for each image that could be read, in order, with
            cosines from -1 to 1; images of a folder, pattern or video that
            could not are counted in a warning and listed in ``skipped``.

        Raises:
            InputError: A file or folder does not exist or has no images, an
                image named by the caller cannot be read, or none can; an
                image that is not in the index needs the model; or faiss is
                not installed.
        """
        sources = list_sources(inputs, channel_order)
        return search_images(
            self.index, sources, self._load, self.k, batch_size, progress
        )

    def by_text(self, texts: str | Sequence[str]) -> SearchResults:
        """Find images by words.

        Args:
            texts: Words for CLIP; names of attributes with commas between
                for an index with ``--joint``; or a list of these.

        Returns:
            One result for each text, with cosines from -1 to 1.

        Raises:
            InputError: See :func:`~mmvision_ext.apis.retrieval.query.
                search_text`; or there are no texts.
        """
        return _of_each(
            'text',
            texts,
            lambda text: search_text(self.index, text, self._load, self.k),
        )

    def by_attributes(self, questions: str | Sequence[str]) -> SearchResults:
        """Find images by their attributes; this needs no model.

        Args:
            questions: Such as ``'metal and not indoor'``, or a list of these.

        Returns:
            One result for each question, with scores from 0 to 1.

        Raises:
            InputError: See :func:`~mmvision_ext.apis.retrieval.query.
                search_attributes`; or there are no questions.
        """
        return _of_each(
            'attributes',
            questions,
            lambda question: search_attributes(self.index, question, self.k),
        )

    @property
    def _load(self) -> Callable[[], Encoder] | None:
        """Gives the encoder, as searches take it."""
        encoder = self.encoder
        return None if encoder is None else lambda: encoder


def _of_each(
    what: str,
    queries: str | Sequence[str],
    search: Callable[[str], SearchResult],
) -> SearchResults:
    """Results of one query, or of each of several."""
    listed = [queries] if isinstance(queries, str) else list(queries)
    wrong = [query for query in listed if not isinstance(query, str)]
    if wrong or not listed:
        raise InputError(
            f'{what}: expected a text, or a list of texts with at least one '
            f'element, found {queries!r}.'
        )
    results = SearchResults()
    results += map(search, listed)
    return results
