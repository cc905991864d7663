"""What the datasets of CIFAR-100 say of their configs."""

import os.path as osp
from collections.abc import Mapping
from typing import Any

from .cifar_files import CLASSES, ImageArrays
from .config_faults import class_faults
from .errors import DatasetError


class CifarConfigMixin:
    """Class names, and the checks of configs that need no data."""

    METAINFO: dict[str, Any] = {'classes': CLASSES}

    @classmethod
    def config_metainfo(cls, config: Mapping[str, Any]) -> dict[str, Any]:
        """Metainfo that a config leads to; the config check asks for it.

        Args:
            config: Arguments of this class.

        Returns:
            ``classes``, and what the config's ``metainfo`` has.
        """
        return cls.METAINFO | dict(config.get('metainfo') or {})

    @classmethod
    def config_faults(
        cls, train: Mapping[str, Any], other: Mapping[str, Any]
    ) -> list[str]:
        """Faults of a training and a test config that do not fit together.

        Data of another folder are another data set: of those only the classes
        are compared. The config check asks for this.

        Args:
            train: Arguments of this class for training.
            other: The same for validation or testing.

        Returns:
            One sentence a fault, without the place in the config.
        """
        faults = class_faults(
            cls.config_metainfo(train), cls.config_metainfo(other)
        )
        if _folder(train) != _folder(other):
            return faults
        split, other_split = (
            config.get('split', 'train') for config in (train, other)
        )
        if split == other_split:
            faults.append(
                f"split is '{split}' in both, so that test images are "
                "training images: set 'train' in training and 'test' "
                'elsewhere'
            )
        cut = train.get('images_per_class')
        stated = other.get('train_images_per_class')
        if other_split == 'test' and cut != stated:
            faults.append(
                f'images_per_class is {cut} in training, but '
                f'train_images_per_class of the test data, which they state '
                f'beside every accuracy, is {stated}: set it to {cut}'
            )
        return faults


def check_classes(found: ImageArrays, expected: Any, data_root: str) -> None:
    """Compare the classes of the files with those of the dataset.

    Args:
        found: What was read.
        expected: Class names of the dataset.
        data_root: Where it was read, for the message.

    Raises:
        DatasetError: If they are not the same names in the same order.
    """
    expected = tuple(expected)
    if found.classes == expected:
        return
    pairs = [
        f"'{name}' in the place of '{wanted}'"
        for wanted, name in zip(expected, found.classes, strict=False)
        if wanted != name
    ]
    first = f', the first that differs is {pairs[0]}' if pairs else ''
    raise DatasetError(
        f'data_root: expected the {len(expected)} classes of the dataset in '
        f"'{data_root}', found {len(found.classes)}{first}. For other data "
        'set metainfo.classes to their names, in this order.'
    )


def _folder(config: Mapping[str, Any]) -> str:
    """Where the data of a config are."""
    return osp.realpath(osp.expanduser(config.get('data_root', '')))
