"""One call from images and words to boxes with words."""

from collections.abc import Sequence
from pathlib import Path

from mmengine.config import Config

from mmvision_ext.models.text import (
    TextEncoder,
    phrases_of,
    read_embeddings,
    sentences_behind,
)
from mmvision_ext.models.text.vocabulary import Vocabulary
from mmvision_ext.utils import InputError
from mmvision_ext.utils.nearest import did_you_mean

from .context_maps import ContextMap, find_context
from .inferencer import DetectionInferencer
from .progress import track
from .results import DetectionResults
from .sources import ChannelOrder, ImageInput, list_sources

Words = Sequence[str] | str | Path

_SHOWN = 20  # known words in a message


class OpenVocabDetInferencer(DetectionInferencer):
    """Detect what words say, in images, folders, patterns, arrays.

    Args:
        config: Config file, name of a config in the model index, or config,
            of a detector whose classes are words, such as
            ``mmvision_ext.ContextGuidedRCNN``.
        checkpoint: File or http(s) address of the weights; None takes the
            address in the model index.
        device: Such as ``'cuda:0'`` or ``'cpu'``; None takes the first GPU
            where there is one.
        score_thr: Lowest confidence that is kept.
        encoder: Encodes words that the embedding file of the config lacks;
            the one that wrote the file. They are put in the sentences of the
            file. None for its words only.
        trust_checkpoint: Whether code that the checkpoint holds is run.

    Raises:
        InputError: See :func:`~mmvision_ext.apis.model.load_detector`; or
            the classes of the detector are no words.

    Example:
        >>> detect = OpenVocabDetInferencer('config.py', 'epoch_12.pth')
        >>> for result in detect('photos/', words=['ship', 'harbor']):
        ...     print(result.source.name, result.names, result.scores)
    """

    def __init__(
        self,
        config: str | Path | Config,
        checkpoint: str | Path | None = None,
        device: str | None = None,
        score_thr: float = 0.3,
        encoder: TextEncoder | None = None,
        trust_checkpoint: bool = False,
    ) -> None:
        super().__init__(
            config, checkpoint, device, score_thr, trust_checkpoint
        )
        if not isinstance(getattr(self.model, 'vocabulary', None), Vocabulary):
            raise InputError(
                f'{self.model.cfg.filename or "config"}: expected a detector '
                'whose classes are words, such as '
                'mmvision_ext.ContextGuidedRCNN, found '
                f'{type(self.model).__name__}. Use DetectionInferencer.'
            )
        self.encoder = encoder

    @property
    def words(self) -> tuple[str, ...]:
        """The words in use, in the order of the labels."""
        return self.model.vocabulary.words

    def use_words(self, words: Words) -> None:
        """Detect these words from now on.

        Args:
            words: A list of words, or an embedding file ``*.safetensors`` of
                the same encoder. A word means the one in the file that
                differs by capitals, spaces, hyphens and underscores only,
                where there is one.

        Raises:
            InputError: If there are none, one is empty or comes twice, in
                whatever spelling, one is not known and there is no encoder; or
                the file cannot be read or is of another encoder.
        """
        vocabulary = self.model.vocabulary
        if isinstance(words, (str, Path)):
            if Path(words).suffix != '.safetensors':
                raise InputError(
                    'words: expected a list of words, or an embedding file '
                    f"*.safetensors, found '{words}'"
                )
            bank = read_embeddings(words)
            vocabulary.adopt(bank, str(words))
            self.model.use_words(bank.names)
            return
        phrases_of(words)  # stops at empty and double ones
        names = vocabulary.bank.names
        words = [_known(word, names) for word in words]
        # stops at one that was written in two ways
        phrases_of([w if w in names else _letters(w) for w in words])
        new = [word for word in words if word not in names]
        if new:
            if self.encoder is None:
                raise InputError(
                    f'words: {vocabulary.path} has no {new[0]!r}'
                    f'{did_you_mean(new[0], names) or "."} It has '
                    f'{", ".join(names[:_SHOWN])}'
                    f'{", ..." if len(names) > _SHOWN else ""}. Others need '
                    'the encoder of these: encoder=..., or --sentence-model '
                    'or --architecture and --weights of the demos.'
                )
            sentences = sentences_behind(vocabulary.bank.prompts)
            if sentences is None:
                raise InputError(
                    f'words: {vocabulary.path} has no {new[0]!r}, and its '
                    'words are in sentences that are no templates of the '
                    'package, so others cannot be put in the same. Write a '
                    'file of all words by tools/model_converters/'
                    'encode_text.py, and name it as words.'
                )
            found = self.encoder.embeddings(phrases_of(new), sentences)
            vocabulary.extend(found, 'words')
        self.model.use_words(words)

    def __call__(
        self,
        inputs: ImageInput | Sequence[ImageInput],
        batch_size: int = 1,
        channel_order: ChannelOrder = 'bgr',
        progress: bool = True,
        words: Words | None = None,
    ) -> DetectionResults:
        """Detect objects.

        Args:
            inputs: A file, a folder, a pattern, an address, a video, an
                array (H, W, 3) uint8, a PIL image, or a list of these, see
                :func:`~mmvision_ext.apis.sources.list_sources`.
            batch_size: Images that run through the model at once.
            channel_order: Order of the channels of arrays: ``'bgr'`` as
                mmdet, mmcv and cv2 have them, or ``'rgb'``.
            progress: Show a progress bar.
            words: As for :meth:`use_words`; None keeps those in use.

        Returns:
            As :class:`DetectionInferencer`; ``classes`` of a result are the
            words.

        Raises:
            InputError: As there and for :meth:`use_words`.
        """
        if words is not None:
            self.use_words(words)
        return super().__call__(inputs, batch_size, channel_order, progress)

    def context(
        self,
        inputs: ImageInput | Sequence[ImageInput],
        channel_order: ChannelOrder = 'bgr',
        progress: bool = True,
        words: Words | None = None,
    ) -> list[ContextMap]:
        """What the whole image says of the words, and where it looks.

        Args:
            inputs: As for a call.
            channel_order: As for a call.
            progress: Show a progress bar.
            words: As for :meth:`use_words`; None keeps those in use.

        Returns:
            One for each image, in order.

        Raises:
            InputError: As for a call; also if an image cannot be read, or
                the detector has no context.
        """
        if words is not None:
            self.use_words(words)
        sources = list_sources(inputs, channel_order)
        return [
            find_context(self.model, self.pipeline, source)
            for source in track(sources, 'looking', len(sources), progress)
        ]


def _known(word: str, names: Sequence[str]) -> str:
    """The name that a word means; itself where none or several may be."""
    meant = [name for name in names if _letters(name) == _letters(word)]
    return meant[0] if word not in names and len(meant) == 1 else word


def _letters(word: str) -> str:
    """A word without capitals and what stands between its parts."""
    return ' '.join(word.lower().replace('_', ' ').replace('-', ' ').split())
