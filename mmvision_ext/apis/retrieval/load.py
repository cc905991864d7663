"""The encoder of an index, from a model's files."""

from pathlib import Path

from mmengine.config import Config

from .classifier_encoder import ClassifierEncoder
from .clip_encoder import ClipEncoder
from .encoder import Encoder


def load_encoder(
    vectors: str,
    model: str | Path | Config,
    checkpoint: str | Path,
    device: str | None = None,
    trust_checkpoint: bool = False,
) -> Encoder:
    """Load the model of an index.

    Args:
        vectors: What its vectors are: ``'features'`` or ``'joint'`` of a
            classifier, or ``'clip'``, see :class:`~mmvision_ext.apis.
            retrieval.index.ModelIdentity`.
        model: Config file or config of the classifier, or architecture of
            the CLIP.
        checkpoint: File of the weights.
        device: Such as ``'cuda:0'`` or ``'cpu'``; None takes the first GPU
            where there is one.
        trust_checkpoint: Whether code that the checkpoint of a classifier
            holds is run; of a CLIP none ever is.

    Returns:
        The encoder.

    Raises:
        InputError: See :class:`ClassifierEncoder` and :class:`ClipEncoder`.
    """
    if vectors == 'clip':
        return ClipEncoder(str(model), checkpoint, device)
    return ClassifierEncoder(
        model, checkpoint, device, vectors == 'joint', trust_checkpoint
    )
