"""What turns images, and words, into vectors."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from mmvision_ext.engine.checkpointing.durable import file_digest
from mmvision_ext.utils import InputError

from ..sources import ImageSource
from .index import ModelIdentity


@dataclass(frozen=True)
class Prepared:
    """An image as an encoder takes it.

    Attributes:
        data: The model's input.
        width: Of the image in pixels.
        height: Of the image in pixels.
    """

    data: Any
    width: int
    height: int


class Encoder(Protocol):
    """A model that gives images vectors, and scores for named attributes.

    Attributes:
        identity: Which model it is.
        names: Names of the A attributes or classes that it scores.
    """

    identity: ModelIdentity
    names: tuple[str, ...]

    def prepare(self, source: ImageSource) -> Prepared:
        """Read an image.

        Args:
            source: The image.

        Returns:
            What :meth:`encode` takes.

        Raises:
            InputError: It cannot be read.
        """

    def encode(
        self, images: Sequence[Prepared]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Give images vectors and scores.

        Args:
            images: N images.

        Returns:
            Vectors of length 1, shape (N, D), and scores from 0 to 1, shape
            (N, A).

        Raises:
            InputError: The model gives no numbers.
        """

    def encode_text(self, text: str) -> NDArray[np.float32]:
        """Give words a vector beside those of images.

        Args:
            text: The words.

        Returns:
            Shape (D,), of length 1.

        Raises:
            InputError: The model has no vectors for words, or not for these.
        """


def checksum(path: str | Path) -> str:
    """SHA-256 of a checkpoint.

    Args:
        path: The file.

    Returns:
        64 hexadecimal digits.

    Raises:
        InputError: It is no local file.
    """
    place = Path(path).expanduser()
    if not place.is_file():
        raise InputError(
            f'checkpoint: expected a file, found none at {path}. An index '
            'names its model by the checksum of a local file.'
        )
    return file_digest(place)


def unit_vectors(
    vectors: NDArray[np.float32], model: ModelIdentity
) -> NDArray[np.float32]:
    """Bring vectors to length 1.

    Args:
        vectors: Shape (N, D).
        model: Where they come from, for messages.

    Returns:
        Shape (N, D).

    Raises:
        InputError: One is zero, nan or infinite.
    """
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not (np.isfinite(lengths) & (lengths > 0)).all():
        raise InputError(
            f'{model.name}: expected vectors with a direction, found one that '
            'is zero, nan or infinite. Has the training diverged?'
        )
    return (vectors / lengths).astype(np.float32)
