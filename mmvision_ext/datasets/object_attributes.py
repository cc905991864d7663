"""What the datasets of object crops with attributes share."""

import os.path as osp
from collections.abc import Mapping, Sequence
from typing import Any

from .attribute_dataset import AttributeDataset, attribute_faults
from .config_faults import file_of, with_defaults
from .errors import DatasetError
from .image_splits import PARTS, Part, held_out

_DRAW = ('val_share', 'seed')


class ObjectAttributeDataset(AttributeDataset):
    """Objects, each a box in an image, with attributes.

    Objects of one image follow each other, so that a pipeline that keeps its
    last images (:class:`LoadObjectCrop`) decodes each of them once.

    Args:
        data_root: Folder of the data.
        ann_file: Annotation file, relative to ``data_root``.
        split: ``'train'``, ``'val'`` or ``'test'``. The published data have
            two splits: validation images come out of the training split.
        val_share: Share of the images of the training split that are for
            validation. It must be the same for all three.
        seed: Seed of that draw.
        data_prefix: Folder of the images, relative to ``data_root``.
        metainfo: ``classes`` takes a part of the attributes.
        test_mode: As for ``mmengine.dataset.BaseDataset``; None: by ``split``.
        kwargs: As for ``mmpretrain.BaseDataset``: ``pipeline``, ...

    Raises:
        DatasetError: If an argument or the data cannot be used.
    """

    def __init__(
        self,
        data_root: str,
        ann_file: str,
        *,
        split: Part = 'train',
        val_share: float = 0.0,
        seed: int = 0,
        data_prefix: str = '',
        metainfo: Mapping[str, Any] | None = None,
        test_mode: bool | None = None,
        **kwargs: Any,
    ) -> None:
        if split not in PARTS:
            raise DatasetError(
                f"split: expected {', '.join(PARTS)}, found '{split}'"
            )
        if split == 'val' and val_share <= 0:
            raise DatasetError(
                "split: 'val' needs a share of the training images, found "
                f'val_share={val_share:g}. Set val_share, such as 0.1, here '
                'and in training.'
            )
        self.split: Part = split
        self.val_share = val_share
        self.seed = seed
        if test_mode is None:
            test_mode = split != 'train'
        super().__init__(
            ann_file=str(ann_file),
            data_root=osp.expanduser(str(data_root)),
            data_prefix=data_prefix,
            metainfo=dict(metainfo or {}),
            test_mode=test_mode,
            **kwargs,
        )

    @classmethod
    def config_metainfo(cls, config: Mapping[str, Any]) -> dict[str, Any]:
        """Metainfo that a config leads to; the config check asks for it.

        Args:
            config: Arguments of this class.

        Returns:
            ``classes`` where they are known, and what ``metainfo`` has.
        """
        return {**cls.METAINFO, **(config.get('metainfo') or {})}

    @classmethod
    def config_faults(
        cls, train: Mapping[str, Any], other: Mapping[str, Any]
    ) -> list[str]:
        """Faults of a training and a test config that do not fit together.

        The config check asks for this.

        Args:
            train: Arguments of this class for training.
            other: The same for validation or testing.

        Returns:
            One sentence a fault, without the place in the config.
        """
        faults = attribute_faults(
            cls.config_metainfo(train), cls.config_metainfo(other)
        )
        kinds = (ObjectAttributeDataset, cls)
        train, other = (
            with_defaults(config, *kinds) for config in (train, other)
        )
        if file_of(train, 'ann_file') != file_of(other, 'ann_file'):
            return faults
        if train['split'] == other['split']:
            faults.append(
                f"split is '{train['split']}' in both, so that test objects "
                "are training objects: set 'train' in training and 'val' or "
                "'test' elsewhere"
            )
        if 'test' in (train['split'], other['split']):
            return faults  # the published split, whatever the draw
        return faults + [
            f'{name} is {train[name]} and {other[name]}, so that validation '
            'images may be training images: set both to one value'
            for name in _DRAW
            if train[name] != other[name]
        ]

    def _part(
        self, samples: Sequence[dict[str, Any]]
    ) -> tuple[list[dict[str, Any]], str]:
        """The samples of the split out of those of a published split.

        Args:
            samples: All samples of the training split, or of the test split.

        Returns:
            The samples, by image, and the line that says what they are.
        """
        ordered = sorted(
            samples, key=lambda info: (info['img_path'], info['ann_id'])
        )
        if self.split == 'test':
            return ordered, 'test split'
        if not self.val_share:
            return ordered, 'training split'
        names = [osp.basename(info['img_path']) for info in ordered]
        held = held_out(names, self.val_share, self.seed)
        wanted = self.split == 'val'
        chosen = [
            info
            for info, name in zip(ordered, names, strict=True)
            if (name in held) == wanted
        ]
        share = self.val_share if wanted else 1 - self.val_share
        return chosen, (
            f'{share:.0%} of the images of the training split, seed '
            f'{self.seed}'
        )
