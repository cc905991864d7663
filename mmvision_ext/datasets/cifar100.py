"""CIFAR-100 image by image, for stock pipelines."""

from collections.abc import Mapping, Sequence
from typing import Any

from mmengine.logging import print_log
from mmpretrain.datasets import BaseDataset

from mmvision_ext.registry import DATASETS

from .cifar_config import CifarConfigMixin, check_classes
from .cifar_files import read_cifar
from .errors import DatasetError
from .image_folders import Split


@DATASETS.register_module()
class CIFAR100(CifarConfigMixin, BaseDataset):
    """CIFAR-100 in memory, complete or cut, from any of its three forms.

    Each sample is a dict of ``img``, uint8 (32, 32, 3), RGB, ``img_shape``
    and ``ori_shape``, (H, W), ``gt_label`` (int) and ``img_name``. The
    metainfo has ``classes`` and ``protocol``, a line that belongs beside
    every accuracy.

    Args:
        data_root: Folder of the data, see
            :func:`~mmvision_ext.datasets.cifar_files.read_cifar`.
        split: ``'train'`` or ``'test'``.
        images_per_class: Keep the first so many images of each class; None
            keeps all.
        train_images_per_class: For a test split, ``images_per_class`` of the
            training; the protocol names it.
        metainfo: ``classes`` names those of other data.
        indices: Refused; ``images_per_class`` takes as many of every class.
        test_mode: As for ``mmengine.dataset.BaseDataset``; None: by ``split``.
        kwargs: As for ``mmpretrain.BaseDataset``: ``pipeline``, ...

    Raises:
        DatasetError: If an argument or the data cannot be used.
    """

    def __init__(
        self,
        data_root: str,
        *,
        split: Split = 'train',
        images_per_class: int | None = None,
        train_images_per_class: int | None = None,
        metainfo: Mapping[str, Any] | None = None,
        indices: int | Sequence[int] | None = None,
        test_mode: bool | None = None,
        **kwargs: Any,
    ) -> None:
        if indices is not None:
            raise DatasetError(
                'indices: expected none, since they take images out of the '
                'set and the stated protocol would be wrong, found '
                f'{indices}. Set images_per_class.'
            )
        self.split: Split = split
        self.images_per_class = images_per_class
        self.train_images_per_class = train_images_per_class
        if test_mode is None:
            test_mode = split == 'test'
        super().__init__(
            ann_file='',
            data_root=str(data_root),
            metainfo=dict(metainfo or {}),
            test_mode=test_mode,
            **kwargs,
        )

    def load_data_list(self) -> list[dict[str, Any]]:
        """Read the images of the split.

        Returns:
            One dict per image, see the class.

        Raises:
            DatasetError: If the data cannot be used.
        """
        found = read_cifar(
            self.data_root,
            self.split,
            self.images_per_class,
            self.train_images_per_class,
        )
        check_classes(found, self._metainfo['classes'], self.data_root)
        self._metainfo['protocol'] = found.protocol
        print_log(
            f'{type(self).__name__} {self.split}: {len(found.labels)} images '
            f'of {len(found.classes)} classes from {found.form} '
            f'({found.protocol})',
            logger='current',
        )
        pictures = found.images.transpose(0, 2, 3, 1)
        return [
            dict(
                img=picture,
                img_shape=picture.shape[:2],
                ori_shape=picture.shape[:2],
                gt_label=int(label),
                img_name=name,
            )
            for picture, label, name in zip(
                pictures, found.labels, found.names, strict=True
            )
        ]
