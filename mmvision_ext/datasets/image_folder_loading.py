"""Reading of image files that differ in colour space and orientation."""

from collections.abc import Mapping
from io import BytesIO
from typing import Any

import mmcv
import numpy as np
from mmcv.transforms import LoadImageFromFile
from mmengine import fileio
from numpy.typing import NDArray
from PIL import Image, ImageOps

from mmvision_ext.registry import TRANSFORMS

from .errors import IMAGE_FAULTS, DatasetError

_TO_8_BIT = 257  # 65535 / 255


@TRANSFORMS.register_module()
class LoadUprightImage(LoadImageFromFile):
    """Read an image upright and with three channels, whatever the file has.

    Greyscale, CMYK, palette and 16-bit files become BGR, and the EXIF
    orientation is applied, all by Pillow. 16 bits are scaled to 8. A file that
    ends too early is an error here; OpenCV fills the rest with grey instead.

    Args:
        backend_args: Where files are read, as for ``mmengine.fileio.get``.
    """

    def __init__(self, backend_args: Mapping[str, Any] | None = None) -> None:
        super().__init__(
            imdecode_backend='pillow',
            backend_args=dict(backend_args) if backend_args else None,
        )

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Read the image.

        Args:
            results: A sample with ``img_path``.

        Returns:
            The sample with ``img``, uint8, shape (H, W, 3), BGR, and
            ``img_shape`` and ``ori_shape``, both (H, W) in pixels.

        Raises:
            DatasetError: If the file cannot be read, naming it.
        """
        path = results['img_path']
        try:
            image = _decode(fileio.get(path, backend_args=self.backend_args))
        except IMAGE_FAULTS as error:
            raise DatasetError(
                f'expected an image, found a file that cannot be read: '
                f'{path} ({error}). Copy it again, or take it out of the '
                'folder or the list.'
            ) from error
        results['img'] = image
        results['img_shape'] = results['ori_shape'] = image.shape[:2]
        return results


def _decode(content: bytes) -> NDArray[np.uint8]:
    """Image of a file's content, shape (H, W, 3), BGR."""
    with Image.open(BytesIO(content)) as image:
        if not image.mode.startswith('I'):
            return mmcv.imfrombytes(content, backend='pillow')
        # Pillow's own conversion cuts off above 255.
        wide = np.asarray(ImageOps.exif_transpose(image), np.float64)
    grey = np.clip(np.rint(wide / _TO_8_BIT), 0, 255).astype(np.uint8)
    return np.stack([grey] * 3, axis=-1)
