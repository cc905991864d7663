"""Reading of image files that differ in colour space and orientation."""

from typing import Any

from mmcv.transforms import LoadImageFromFile

from mmvision_ext.registry import TRANSFORMS

from .errors import DatasetError


@TRANSFORMS.register_module()
class LoadUprightImage(LoadImageFromFile):
    """Read an image upright and with three channels, whatever the file has.

    Greyscale, CMYK, palette and 16-bit files become BGR, and the EXIF
    orientation is applied, all by Pillow. A file that ends too early is an
    error here; OpenCV fills the rest with grey instead.

    Args:
        kwargs: As for ``mmcv.LoadImageFromFile``, except for
            ``imdecode_backend``.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(imdecode_backend='pillow', **kwargs)

    def transform(self, results: dict[str, Any]) -> dict[str, Any] | None:
        """Read the image.

        Args:
            results: A sample with ``img_path``.

        Returns:
            The sample with ``img``, uint8, shape (H, W, 3), BGR, and
            ``img_shape`` and ``ori_shape``, both (H, W) in pixels.

        Raises:
            DatasetError: If the file cannot be read, naming it.
        """
        try:
            return super().transform(results)
        except (AssertionError, OSError, SyntaxError, ValueError) as error:
            raise DatasetError(
                f'expected an image, found a file that cannot be read: '
                f'{results["img_path"]} ({error}). Copy it again, or take it '
                'out of the folder or the list.'
            ) from error
