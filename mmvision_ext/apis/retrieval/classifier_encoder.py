"""Vectors and scores of a classifier."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config
from numpy.typing import NDArray

from mmvision_ext.models.classifiers import CrossModalAttributeClassifier
from mmvision_ext.utils import InputError

from ..attribute_model import load_attribute_model
from ..attribute_settings import config_checksum
from ..classification_layers import Recorder, pooled
from ..sources import ImageSource
from .encoder import Prepared, checksum, unit_vectors
from .expression import find_name
from .index import ModelIdentity

JOINT_LAYER = 'head.visual_projection'


class ClassifierEncoder:
    """A classifier, of classes or of attributes, as an encoder.

    Images are prepared as in its config's test. Scores are the probabilities
    of its classes or attributes.

    Args:
        config: Config file or config.
        checkpoint: File of the weights.
        device: Such as ``'cuda:0'`` or ``'cpu'``; None takes the first GPU
            where there is one.
        joint: Whether the vectors are the embeddings that a cross-modal
            classifier shares between images and attributes, so that sets of
            attributes can be searched by; otherwise they are the pooled
            features.
        trust_checkpoint: Whether code that the checkpoint holds is run.

    Attributes:
        identity: Which model it is.
        names: Names of the A attributes or classes.

    Raises:
        InputError: See :func:`~mmvision_ext.apis.attribute_model.
            load_attribute_model`; or it has no such embeddings.
    """

    def __init__(
        self,
        config: str | Path | Config,
        checkpoint: str | Path,
        device: str | None = None,
        joint: bool = False,
        trust_checkpoint: bool = False,
    ) -> None:
        digest = checksum(checkpoint)
        self._model = load_attribute_model(
            config, checkpoint, device, trust_checkpoint
        )
        model = self._model.model
        self._layer = 'neck' if model.with_neck else 'backbone'
        if joint:
            _check_joint(model)
            self._layer = JOINT_LAYER
        self.names = self._model.names
        self.identity = ModelIdentity(
            'joint' if joint else 'features',
            Path(model.cfg.filename or 'config').stem,
            str(checkpoint),
            digest,
            config_checksum(model.cfg, self.names),
        )

    def prepare(self, source: ImageSource) -> Prepared:
        """Read an image as in the config's test.

        Args:
            source: The image.

        Returns:
            The model's input.

        Raises:
            InputError: It cannot be read.
        """
        pixels = self._model.read(source)
        height, width = pixels.shape[:2]
        return Prepared(
            self._model.prepare(pixels, source.name), width, height
        )

    def encode(
        self, images: Sequence[Prepared]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Give images vectors and scores.

        Args:
            images: N images.

        Returns:
            Vectors of length 1, shape (N, D), and probabilities, shape
            (N, A).

        Raises:
            InputError: The model gives no probabilities, or vectors without
                a direction.
        """
        with Recorder(self._model.model, [self._layer]) as recorder:
            scores = self._model.predict([image.data for image in images])
            output = pooled(recorder.last(self._layer), self._layer)
        vectors = output.detach().cpu().numpy()
        return unit_vectors(vectors, self.identity), scores

    def encode_text(self, text: str) -> NDArray[np.float32]:
        """Give attributes a vector beside those of images.

        Args:
            text: Names of attributes with commas between, of which those
                behind ``not`` are absent, such as ``metal, not indoor``.

        Returns:
            Shape (D,), of length 1.

        Raises:
            InputError: The vectors are not shared with attributes, or there
                is no such attribute, or one is to be present and absent.
        """
        self.identity.require_words()
        known: dict[str, bool] = {}
        for part in text.split(','):
            name = part.strip()
            present = not name.lower().startswith('not ')
            index = find_name(
                name if present else name[4:].strip(), self.names
            )
            attribute = self.names[index]
            if known.setdefault(attribute, present) != present:
                raise InputError(
                    'text: expected each attribute present or absent, found '
                    f"'{attribute}' with and without 'not'."
                )
        vector = self._model.known_vector(known)
        model = self._model.model
        device = next(model.parameters()).device
        with torch.no_grad():
            found = model.embed_attributes(vector[None].to(device))
        return unit_vectors(found.cpu().numpy(), self.identity)[0]


def _check_joint(model: object) -> None:
    """Refuse models whose images and attributes share no embedding."""
    if not isinstance(model, CrossModalAttributeClassifier):
        raise InputError(
            '--joint: expected a mmvision_ext.CrossModalAttributeClassifier, '
            f'found {type(model).__name__}. Leave --joint out.'
        )
    if model.head.alignment is None:
        raise InputError(
            '--joint: expected a model that was trained with an alignment '
            'loss, found model.head.alignment=None: its embeddings of images '
            'and attributes have nothing in common. Leave --joint out.'
        )
