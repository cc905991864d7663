"""Caltech-101 with its published protocols."""

import os.path as osp
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mmengine.logging import print_log
from mmpretrain.datasets import BaseDataset

from mmvision_ext.registry import DATASETS
from mmvision_ext.utils import brief

from .config_faults import class_faults, with_defaults
from .errors import AnnotationError, DatasetError
from .image_folders import (
    SPLITS,
    Split,
    class_folders,
    images_of,
    list_faults,
    read_image_list,
    split_by_seed,
)
from .metadata import load_metadata

_METADATA = load_metadata('caltech101')
BACKGROUND: str = _METADATA['background']
TRAIN_COUNTS = (5, 10, 15, 20, 25, 30)  # training images of a class
#: What decides on the draw: the same in training and test, or they overlap.
_DRAW = ('train_per_class', 'test_per_class', 'seed', 'with_background')


@DATASETS.register_module()
class Caltech101(BaseDataset):
    """Caltech-101 from its standard folder ``101_ObjectCategories``.

    The split follows one of two protocols:

    - without ``ann_file``, the published one: ``train_per_class`` images of
      each class, drawn with ``seed``, for training, and the rest, at most
      ``test_per_class`` of a class, for testing;
    - with ``ann_file``, the images of that list, one ``class/file`` a line.

    The metainfo has ``classes`` and ``protocol``, a line that belongs beside
    every accuracy. What is not used is counted in the log.

    Each sample is a dict of ``img_path`` and ``gt_label`` (int, the index in
    ``classes``).

    Args:
        data_root: Folder that holds ``101_ObjectCategories``.
        split: ``'train'`` or ``'test'``.
        train_per_class: Training images of a class: 5, 10, 15, 20, 25 or 30.
        test_per_class: Most test images of a class.
        seed: Seed of the draw.
        with_background: Whether ``BACKGROUND_Google`` is a class as well, the
            first of 102.
        ann_file: List of images, relative to ``data_root``.
        data_prefix: Folder of the class folders, relative to ``data_root``.
        metainfo: ``classes`` replaces the list of classes by the names of
            other folders.
        test_mode: As for ``mmengine.dataset.BaseDataset``; None: by ``split``.
        kwargs: As for ``mmpretrain.BaseDataset``: ``pipeline``, ...

    Raises:
        DatasetError: If an argument or the data cannot be used.
    """

    METAINFO = {'classes': _METADATA['classes']}

    def __init__(
        self,
        data_root: str,
        *,
        split: Split = 'train',
        train_per_class: int = 30,
        test_per_class: int = 50,
        seed: int = 0,
        with_background: bool = False,
        ann_file: str = '',
        data_prefix: str = '101_ObjectCategories',
        metainfo: Mapping[str, Any] | None = None,
        test_mode: bool | None = None,
        **kwargs: Any,
    ) -> None:
        if split not in SPLITS:
            raise DatasetError(
                f"split: expected 'train' or 'test', found {split!r}"
            )
        if train_per_class not in TRAIN_COUNTS:
            raise DatasetError(
                'train_per_class: expected one of '
                f'{", ".join(map(str, TRAIN_COUNTS))}, found '
                f'{train_per_class}. For another split give a list as '
                'ann_file.'
            )
        if test_per_class < 1:
            raise DatasetError(
                f'test_per_class: expected at least 1, found {test_per_class}'
            )
        self.split: Split = split
        self.train_per_class = train_per_class
        self.test_per_class = test_per_class
        self.seed = seed
        if test_mode is None:
            test_mode = split == 'test'
        super().__init__(
            ann_file=str(ann_file),
            data_root=str(data_root),
            data_prefix=data_prefix,
            metainfo=self._with_classes(metainfo, with_background),
            test_mode=test_mode,
            **kwargs,
        )

    @classmethod
    def config_metainfo(cls, config: Mapping[str, Any]) -> dict[str, Any]:
        """Metainfo that a config leads to; the config check asks for it.

        Args:
            config: Arguments of this class.

        Returns:
            ``classes``, and what the config's ``metainfo`` has.

        Raises:
            DatasetError: If ``metainfo`` and ``with_background`` disagree.
        """
        return cls.METAINFO | cls._with_classes(
            config.get('metainfo'), config.get('with_background', False)
        )

    @classmethod
    def config_faults(
        cls, train: Mapping[str, Any], other: Mapping[str, Any]
    ) -> list[str]:
        """Faults of a training and a test config that do not fit together.

        Images of another folder are another data set: of those only the
        classes are compared. The config check asks for this.

        Args:
            train: Arguments of this class for training.
            other: The same for validation or testing.

        Returns:
            One sentence a fault, without the place in the config.

        Raises:
            DatasetError: If ``metainfo`` and ``with_background`` disagree.
            AnnotationError: If a line of a list cannot be used.
        """
        train, other = cls._complete(train), cls._complete(other)
        metainfo = cls.config_metainfo(train)
        faults = class_faults(metainfo, cls.config_metainfo(other))
        if _folder(train) != _folder(other):
            return faults
        lists = [
            Path(
                osp.join(
                    config['data_root'], osp.expanduser(config['ann_file'])
                )
            )
            for config in (train, other)
            if config['ann_file']
        ]
        if len(lists) == 1:
            return [
                *faults,
                'one has an ann_file and the other draws its images, so that '
                'test images may be training images: give both a list, or '
                'none',
            ]
        if lists:
            unused = {BACKGROUND} - set(metainfo['classes'])
            return faults + list_faults(lists[0], lists[1], unused)
        return faults + _draw_faults(train, other)

    @classmethod
    def _complete(cls, config: Mapping[str, Any]) -> dict[str, Any]:
        """Arguments of a config, with the defaults of those left out."""
        return with_defaults({'data_root': '', **config}, cls)

    @staticmethod
    def _with_classes(
        metainfo: Mapping[str, Any] | None, with_background: bool
    ) -> dict[str, Any]:
        """The user's metainfo, with the background class where asked for."""
        merged = dict(metainfo or {})
        if not with_background:
            return merged
        if 'classes' in merged and BACKGROUND not in merged['classes']:
            raise DatasetError(
                f'with_background=True: expected {BACKGROUND} in '
                "metainfo['classes'], found it missing; add it there, or "
                'leave metainfo out for all 102 classes'
            )
        merged.setdefault('classes', (BACKGROUND, *_METADATA['classes']))
        return merged

    def load_data_list(self) -> list[dict[str, Any]]:
        """List the images of the split.

        Returns:
            One dict per image, see the class.

        Raises:
            DatasetError: If a folder, an image or the list is missing, or a
                class has too few images.
            AnnotationError: If a line of the list cannot be used.
        """
        root = Path(self.img_prefix)
        folders = class_folders(root)
        chosen, unused = (
            self._listed(root) if self.ann_file else self._drawn(root, folders)
        )
        classes: Sequence[str] = self.metainfo['classes']
        labels = {name: label for label, name in enumerate(classes)}
        counts = Counter(class_name for class_name, _ in chosen)
        self._metainfo['protocol'] = self._protocol(counts)
        print_log(
            f'{type(self).__name__} {self.split}: {len(chosen)} images of '
            f'{len(counts)} classes ({self._metainfo["protocol"]}){unused}',
            logger='current',
        )
        return [
            dict(
                img_path=str(root / class_name / name),
                gt_label=labels[class_name],
            )
            for class_name, name in chosen
        ]

    def _drawn(
        self, root: Path, folders: Sequence[str]
    ) -> tuple[list[tuple[str, str]], str]:
        """(class, file) of the published protocol; what it leaves out."""
        chosen, others = [], 0
        classes = self.metainfo['classes']
        for class_name in classes:
            names, other = images_of(root / class_name)
            others += other
            if len(names) <= self.train_per_class:
                raise DatasetError(
                    f'train_per_class={self.train_per_class}: expected at '
                    f'least {self.train_per_class + 1} images, so that one is '
                    f"left for testing, found {len(names)} in '"
                    f"{root / class_name}'. Lower train_per_class, or give "
                    'lists as ann_file.'
                )
            drawn = split_by_seed(
                class_name,
                names,
                self.train_per_class,
                self.test_per_class,
                self.seed,
            )
            chosen += [(class_name, name) for name in drawn[self.split]]
        unused = [name for name in folders if name not in classes]
        text = f'; folders not used: {", ".join(unused)}' if unused else ''
        text += f'; files that are no images: {others}' if others else ''
        return chosen, text

    def _listed(self, root: Path) -> tuple[list[tuple[str, str]], str]:
        """(class, file) of the list; how many background images it leaves."""
        path = Path(self.ann_file)
        classes = self.metainfo['classes']
        chosen, background = [], 0
        for number, class_name, name in read_image_list(path):
            if class_name == BACKGROUND and BACKGROUND not in classes:
                background += 1
                continue
            if class_name not in classes:
                raise AnnotationError(
                    f'{path}, line {number}: expected one of the '
                    f'{len(classes)} classes, found {brief(class_name)}. Mend '
                    'the line, or set metainfo.classes.'
                )
            if not (root / class_name / name).is_file():
                raise AnnotationError(
                    f'{path}, line {number}: expected an image, found no '
                    f"file '{root / class_name / name}'"
                )
            chosen.append((class_name, name))
        if not chosen:
            raise DatasetError(
                f'ann_file: expected images in {path}, found none'
            )
        text = f'; background images not used: {background}'
        return chosen, text if background else ''

    def _protocol(self, counts: Counter[str]) -> str:
        """The line that belongs beside every accuracy."""
        part = _part(self._indices)
        if not self.ann_file:
            return (
                f'{part}{self.train_per_class} train images a class, seed '
                f'{self.seed}, at most {self.test_per_class} test images a '
                'class'
            )
        text = f'{part}given list {Path(self.ann_file).name}'
        if part:
            return text
        low, high = min(counts.values()), max(counts.values())
        amount = f'{low}' if low == high else f'{low} to {high}'
        return f'{text}, {amount} {self.split} images a class'


def _part(indices: int | Sequence[int] | None) -> str:
    """Which images of the split mmengine keeps, as the start of a line."""
    if indices is None:
        return ''
    if not isinstance(indices, int):
        return f'{len(indices)} chosen images of: '
    return f'{"last" if indices < 0 else "first"} {abs(indices)} images of: '


def _folder(config: Mapping[str, Any]) -> str:
    """Where the class folders of a complete config are."""
    prefix = config['data_prefix']
    if isinstance(prefix, Mapping):
        prefix = prefix.get('img_path', '')
    root = osp.expanduser(config['data_root'])
    return osp.realpath(osp.join(root, osp.expanduser(prefix)))


def _draw_faults(
    train: Mapping[str, Any], other: Mapping[str, Any]
) -> list[str]:
    """Faults of two complete configs that draw from the same folder."""
    faults = [
        f'{name} is {train[name]} and {other[name]}, so that test images may '
        'be training images, or the stated protocol is wrong: set both to '
        'one value'
        for name in _DRAW
        if train[name] != other[name]
    ]
    if train['split'] == other['split']:
        faults.append(
            f"split is '{train['split']}' in both, so that test images are "
            "training images: set 'train' in training and 'test' elsewhere"
        )
    if train.get('indices') is not None:
        faults.append(
            'indices takes images out of the training set, so that the stated '
            'protocol is wrong: take it out of the training set, and lower '
            'train_per_class or give lists as ann_file'
        )
    return faults
