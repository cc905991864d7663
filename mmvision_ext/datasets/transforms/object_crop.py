"""Loading of object crops; objects of one image share one decode."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from mmcv.transforms import BaseTransform
from numpy.typing import NDArray

from mmvision_ext.datasets.errors import DatasetError
from mmvision_ext.datasets.image_folder_loading import LoadUprightImage
from mmvision_ext.datasets.object_crop import (
    context_box,
    crop_resized,
    fit_box,
)
from mmvision_ext.registry import TRANSFORMS


@TRANSFORMS.register_module()
class LoadObjectCrop(BaseTransform):
    """Read an object's image and cut the object out, with its surroundings.

    The last images stay decoded, so that the objects of an image share one
    decode where they come soon after one another: in the order of the
    dataset, or by :class:`ImageGroupSampler`. Each worker of a data loader
    keeps images of its own: ``kept_images`` of 640 x 480 px take 0.9 MB each.

    Args:
        size: Side of the crop in pixels.
        padding: Pixels of the crop on every side that show the surroundings.
        square: Whether the box is widened to a square first, so that the
            object keeps its aspect ratio.
        fill: Colour of what lies outside the image, (B, G, R); None clips the
            box to the image instead.
        kept_images: Number of images that stay decoded; 0 decodes anew for
            every object.
        backend_args: Where files are read, as for ``mmengine.fileio.get``.

    Raises:
        DatasetError: If an argument cannot be used.
    """

    def __init__(
        self,
        size: int = 224,
        padding: int = 16,
        square: bool = False,
        fill: Sequence[int] | None = None,
        kept_images: int = 32,
        backend_args: Mapping[str, Any] | None = None,
    ) -> None:
        if padding < 0 or 2 * padding >= size:
            raise DatasetError(
                f'padding: expected from 0 to below half of size={size}, '
                f'found {padding}'
            )
        if fill is not None and len(fill) != 3:
            raise DatasetError(
                f'fill: expected three values (B, G, R) or None, found {fill}'
            )
        if kept_images < 0:
            raise DatasetError(
                f'kept_images: expected at least 0, found {kept_images}'
            )
        self.size = size
        self.padding = padding
        self.square = square
        self.fill = fill
        self.kept_images = kept_images
        self._load = LoadUprightImage(backend_args)
        self._images: OrderedDict[str, NDArray[np.uint8]] = OrderedDict()

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Read the image and cut the object out.

        Args:
            results: A sample with ``img_path`` and ``bbox`` (x1, y1, x2, y2
                in pixels); ``height`` and ``width`` of the image are checked
                where they are there.

        Returns:
            The sample with ``img``, uint8 (size, size, 3), BGR,
            ``img_shape``, (size, size), ``ori_shape``, (H, W) of the image,
            and ``crop_box``, the widened box in pixels of the image.

        Raises:
            DatasetError: If the sample is no object, the file cannot be read,
                or the image has another size than the annotation says.
            AnnotationError: If the box lies outside the image.
        """
        if 'img_path' not in results or 'bbox' not in results:
            raise DatasetError(
                'LoadObjectCrop: expected img_path and bbox, found '
                f'{", ".join(results)}; it is for datasets of objects, such '
                'as mmvision_ext.APascalAttributes'
            )
        path = results['img_path']
        image = self._image(path)
        height, width = image.shape[:2]
        stated = results.get('height', height), results.get('width', width)
        if stated != (height, width):
            raise DatasetError(
                f'{path}: expected an image of {stated[1]} x {stated[0]} px, '
                f'as its annotation says, found {width} x {height} px. Get '
                'the image again, or check data_prefix.'
            )
        place = f'{path}, object {results.get("ann_id", "")}'
        box = fit_box(results['bbox'], width, height, place)
        wide = context_box(box, self.size, self.padding, self.square)
        results['img'] = crop_resized(image, wide, self.size, self.fill)
        results['img_shape'] = (self.size, self.size)
        results['ori_shape'] = (height, width)
        results['crop_box'] = wide
        return results

    def _image(self, path: str) -> NDArray[np.uint8]:
        """An image, uint8 (H, W, 3); decoded unless it is kept."""
        if path in self._images:
            self._images.move_to_end(path)
            return self._images[path]
        image = self._load.transform(dict(img_path=path))['img']
        if self.kept_images:
            self._images[path] = image
            if len(self._images) > self.kept_images:
                self._images.popitem(last=False)
        return image

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(size={self.size}, padding={self.padding}, '
            f'square={self.square}, fill={self.fill}, '
            f'kept_images={self.kept_images})'
        )
