"""A whole set of small images as one tensor."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import torch
from mmcv.transforms import Compose
from mmengine.device import is_cuda_available
from mmengine.logging import print_log
from mmengine.registry import TRANSFORMS
from torch.utils.data import Dataset, get_worker_info

from mmvision_ext.registry import DATASETS

from .cifar_config import CifarConfigMixin, check_classes
from .cifar_files import read_cifar
from .errors import DatasetError
from .image_folders import Split

#: ``inputs`` uint8 (B, 3, H, W); ``labels`` and ``sample_idx`` int64 (B,).
TensorBatch: TypeAlias = dict[str, torch.Tensor]


@DATASETS.register_module()
class TensorImageDataset(CifarConfigMixin, Dataset):
    """CIFAR-100 in memory, or on the GPU, batches made by one indexing.

    Indexed by a tensor, as
    :class:`~mmvision_ext.datasets.batch_loading.TensorBatchSampler` does, it
    gives a batch, with no Python per image: ``inputs``, uint8 (B, 3, 32, 32),
    RGB, and ``labels`` and ``sample_idx``, int64 (B,), all on ``device``.
    Everything else is left to the data preprocessor.

    Indexed by a list, as PyTorch's own batch sampler does, or by a number, it
    gives samples one by one, each through ``pipeline``, so that tools that go
    image by image work with the same config.

    Args:
        data_root: Folder of the data, see
            :func:`~mmvision_ext.datasets.cifar_files.read_cifar`.
        split: ``'train'`` or ``'test'``.
        device: Where the images are kept: ``'cpu'``, ``'cuda'``, ...;
            ``'auto'`` takes the GPU of this process where there is one.
        images_per_class: Keep the first so many images of each class; None
            keeps all.
        train_images_per_class: For a test split, ``images_per_class`` of the
            training; the protocol names it.
        metainfo: ``classes`` names those of other data.
        pipeline: Transforms of single images; they take ``img``, uint8
            (H, W, 3), RGB, and ``gt_label``.

    Raises:
        DatasetError: If an argument or the data cannot be used.
    """

    def __init__(
        self,
        data_root: str,
        *,
        split: Split = 'train',
        device: str = 'auto',
        images_per_class: int | None = None,
        train_images_per_class: int | None = None,
        metainfo: Mapping[str, Any] | None = None,
        pipeline: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        found = read_cifar(
            data_root, split, images_per_class, train_images_per_class
        )
        self._metainfo = self.config_metainfo(dict(metainfo=metainfo))
        check_classes(found, self._metainfo['classes'], data_root)
        self._metainfo['protocol'] = found.protocol
        if device == 'auto':
            device = 'cuda' if is_cuda_available() else 'cpu'
        self.images = torch.from_numpy(found.images).to(device)
        self.labels = torch.from_numpy(found.labels).to(device)
        self.names = found.names
        self.pipeline = Compose([TRANSFORMS.build(step) for step in pipeline])
        print_log(
            f'{type(self).__name__} {split}: {len(self)} images of '
            f'{len(found.classes)} classes from {found.form} '
            f'({found.protocol}), on {self.device}',
            logger='current',
        )

    @property
    def device(self) -> torch.device:
        """Where the images are."""
        return self.images.device

    @property
    def metainfo(self) -> dict[str, Any]:
        """``classes``, ``protocol``, and what the config adds."""
        return dict(self._metainfo)

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> Any:
        """One image, through ``pipeline``.

        Args:
            index: Its position.

        Returns:
            What the last transform gives.
        """
        return self.pipeline(self.get_data_info(index))

    def __getitems__(
        self, indices: torch.Tensor | Sequence[int]
    ) -> TensorBatch | list[Any]:
        """Several images at once.

        Args:
            indices: Their positions, (B,).

        Returns:
            For a tensor a batch, see the class; for a list the samples.

        Raises:
            DatasetError: If a worker process asks for images on a GPU.
        """
        if self.images.is_cuda and get_worker_info() is not None:
            raise DatasetError(
                'num_workers: expected 0 for images on a GPU, found worker '
                "processes. Set num_workers=0, or device='cpu'."
            )
        if not isinstance(indices, torch.Tensor):
            return [self[index] for index in indices]
        indices = indices.to(self.device)
        return dict(
            inputs=self.images[indices],
            labels=self.labels[indices],
            sample_idx=indices,
        )

    def get_data_info(self, index: int) -> dict[str, Any]:
        """One image, as the first transform takes it.

        Args:
            index: Its position.

        Returns:
            ``img``, uint8 (H, W, 3), RGB; ``img_shape`` and ``ori_shape``,
            (H, W); ``gt_label``; ``sample_idx``; ``img_name``.
        """
        image = self.images[index].permute(1, 2, 0).cpu().numpy()
        return dict(
            img=image.copy(),
            img_shape=image.shape[:2],
            ori_shape=image.shape[:2],
            gt_label=int(self.labels[index]),
            sample_idx=int(index),
            img_name=self.names[index],
        )
