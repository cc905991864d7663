"""Vectors of CLIP for images and words (Radford et al., ICML 2021)."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from mmvision_ext.models.text import OpenCLIPTextEncoder
from mmvision_ext.models.text.open_clip_package import open_clip_package
from mmvision_ext.utils import InputError

from ..attribute_settings import settings_checksum
from ..model import pick_device
from ..sources import ImageSource
from .encoder import Prepared, checksum, unit_vectors
from .index import ModelIdentity


class ClipEncoder:
    """A CLIP of open_clip with weights from a local file.

    It scores no attributes.

    Args:
        architecture: Name that open_clip knows, such as ``'RN50'``.
        checkpoint: File of a state dict, plain or under ``state_dict``, or
            safetensors.
        device: Such as ``'cuda:0'`` or ``'cpu'``; None takes the first GPU
            where there is one.

    Attributes:
        identity: Which model it is.
        names: Empty.

    Raises:
        InputError: See :class:`~mmvision_ext.models.text.
            OpenCLIPTextEncoder`; or there is no such file.
    """

    names: tuple[str, ...] = ()

    def __init__(
        self,
        architecture: str,
        checkpoint: str | Path,
        device: str | None = None,
    ) -> None:
        digest = checksum(checkpoint)
        self._device = pick_device(device)
        self._towers = OpenCLIPTextEncoder(
            architecture, str(checkpoint), self._device
        )
        transform = open_clip_package().transform
        settings = self._towers.model.visual.preprocess_cfg
        self._transform = transform.image_transform_v2(
            transform.PreprocessCfg(**settings), is_train=False
        )
        self.identity = ModelIdentity(
            'clip',
            architecture,
            str(checkpoint),
            digest,
            settings_checksum({'architecture': architecture, **settings}),
        )

    def prepare(self, source: ImageSource) -> Prepared:
        """Read an image as CLIP takes it.

        Args:
            source: The image.

        Returns:
            Normalised pixels, (3, side, side).

        Raises:
            InputError: It cannot be read.
        """
        pixels = source.read()
        height, width = pixels.shape[:2]
        picture = Image.fromarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB))
        return Prepared(self._transform(picture), width, height)

    @torch.no_grad()
    def encode(
        self, images: Sequence[Prepared]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Give images vectors.

        Args:
            images: N images.

        Returns:
            Vectors of length 1, shape (N, D), and no scores, shape (N, 0).

        Raises:
            InputError: A vector has no direction.
        """
        inputs = torch.stack([image.data for image in images])
        found = self._towers.model.encode_image(inputs.to(self._device))
        vectors = unit_vectors(found.float().cpu().numpy(), self.identity)
        return vectors, np.zeros((len(vectors), 0), np.float32)

    def encode_text(self, text: str) -> NDArray[np.float32]:
        """Give words a vector beside those of images.

        Args:
            text: The words; CLIP was trained on captions, such as
                ``a photo of a dog``.

        Returns:
            Shape (D,), of length 1.

        Raises:
            InputError: There are no words.
        """
        if not text.strip():
            raise InputError('text: expected words, found none.')
        found = self._towers.embed([text])
        return unit_vectors(found.float().cpu().numpy(), self.identity)[0]
