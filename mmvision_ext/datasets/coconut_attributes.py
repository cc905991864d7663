"""Attributes of whole images, derived from the categories in them."""

import os.path as osp
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from mmengine.logging import print_log

from mmvision_ext.registry import DATASETS

from .attribute_dataset import AttributeDataset, attribute_faults, shown
from .category_attributes import COCONUT_139, read_category_attributes
from .coco_objects import CocoImage, CocoObjects, read_coco_objects
from .config_faults import file_of, with_defaults
from .errors import DatasetError
from .image_splits import PARTS, Part, draw_part, read_names
from .text_lists import read_text

_DRAW = ('split_sizes', 'seed')


@DATASETS.register_module()
class COCONutAttributes(AttributeDataset):
    """Images with the attributes of the objects in them.

    Every category has a set of attributes (``attribute_file``), and an image
    has the union over its objects. Any COCO annotation file serves: instances
    or panoptic, COCO's own or COCONut's. Categories that the table lacks, as
    the stuff of panoptic files, give nothing.

    Each sample is a dict of ``img_path``, ``img_id`` and ``gt_score``, float32
    (A,), see :class:`AttributeDataset`. The metainfo has ``classes`` (the A
    attributes), ``attribute_groups`` (group to attributes) and ``protocol``.

    Args:
        data_root: Folder of the data.
        ann_file: Annotation file, relative to ``data_root``.
        data_prefix: Folder of the images, relative to ``data_root``.
        split: ``'train'``, ``'val'`` or ``'test'`` draws a part of the
            images of ``ann_file``; ``'all'`` takes them all, for files that
            are a split themselves.
        split_sizes: Three numbers of images or three shares, of training,
            validation and test.
        seed: Seed of the draw. It is over all images of the file, so that no
            other option moves an image from one part to another.
        image_list: List of file names, one a line, relative to ``data_root``;
            replaces the draw.
        attribute_file: Another table in the layout of
            ``metadata/coconut_139.json``; empty takes that one.
        min_area: Area in square pixels from which an object counts.
        with_crowds: Whether groups (``iscrowd``) count.
        without_objects: What becomes of an image none of whose objects
            counts: ``'keep'`` has it without any attribute, ``'drop'`` leaves
            it out. The log names such images.
        metainfo: ``classes`` takes a part of the attributes.
        test_mode: As for ``mmengine.dataset.BaseDataset``; None: by ``split``.
        kwargs: As for ``mmpretrain.BaseDataset``: ``pipeline``, ...

    Raises:
        DatasetError: If an argument or the data cannot be used.
    """

    METAINFO = {'classes': read_category_attributes(COCONUT_139).names}

    def __init__(
        self,
        data_root: str,
        ann_file: str,
        *,
        data_prefix: str = '',
        split: Part | Literal['all'] = 'train',
        split_sizes: Sequence[int | float] = (800, 100, 100),
        seed: int = 0,
        image_list: str = '',
        attribute_file: str = '',
        min_area: float = 0.0,
        with_crowds: bool = True,
        without_objects: Literal['keep', 'drop'] = 'keep',
        metainfo: Mapping[str, Any] | None = None,
        test_mode: bool | None = None,
        **kwargs: Any,
    ) -> None:
        if split not in (*PARTS, 'all'):
            raise DatasetError(
                f"split: expected {', '.join(PARTS)} or all, found '{split}'"
            )
        if without_objects not in ('keep', 'drop'):
            raise DatasetError(
                "without_objects: expected 'keep' or 'drop', found "
                f"'{without_objects}'"
            )
        if min_area < 0:
            raise DatasetError(
                f'min_area: expected at least 0, found {min_area}'
            )
        self.split = split
        self.split_sizes = tuple(split_sizes)
        self.seed = seed
        self.image_list = image_list
        self.attribute_file = osp.expanduser(attribute_file) or COCONUT_139
        self.table = read_category_attributes(self.attribute_file)
        self.min_area = min_area
        self.with_crowds = with_crowds
        self.without_objects = without_objects
        if test_mode is None:
            test_mode = split in ('val', 'test')
        super().__init__(
            ann_file=str(ann_file),
            data_root=osp.expanduser(str(data_root)),
            data_prefix=data_prefix,
            metainfo={'classes': self.table.names, **(metainfo or {})},
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
            InputError: If the table of attributes cannot be used.
        """
        path = osp.expanduser(config.get('attribute_file') or '')
        names = read_category_attributes(path or COCONUT_139).names
        return {'classes': names, **(config.get('metainfo') or {})}

    @classmethod
    def config_faults(
        cls, train: Mapping[str, Any], other: Mapping[str, Any]
    ) -> list[str]:
        """Faults of a training and a test config that do not fit together.

        Another annotation file is another data set: of those only the
        attributes are compared. The config check asks for this.

        Args:
            train: Arguments of this class for training.
            other: The same for validation or testing.

        Returns:
            One sentence a fault, without the place in the config.

        Raises:
            InputError: If a table of attributes cannot be used.
        """
        faults = attribute_faults(
            cls.config_metainfo(train), cls.config_metainfo(other)
        )
        train, other = with_defaults(train, cls), with_defaults(other, cls)
        if file_of(train, 'ann_file') != file_of(other, 'ann_file'):
            return faults
        lists = [bool(config['image_list']) for config in (train, other)]
        if all(lists):
            return faults + _list_faults(train, other)
        if any(lists):
            return [
                *faults,
                'one has an image_list and the other draws its images, so '
                'that test images may be training images: give both a list, '
                'or none',
            ]
        if 'all' in (train['split'], other['split']):
            return [
                *faults,
                "split is 'all' of the same ann_file in one of them, so that "
                "test images are training images: set 'train' in training "
                "and 'val' or 'test' elsewhere",
            ]
        if train['split'] == other['split']:
            faults.append(
                f"split is '{train['split']}' in both, so that test images "
                "are training images: set 'train' in training and 'val' or "
                "'test' elsewhere"
            )
        return faults + [
            f'{name} is {train[name]} and {other[name]}, so that test images '
            'may be training images: set both to one value'
            for name in _DRAW
            if _plain(train[name]) != _plain(other[name])
        ]

    def load_data_list(self) -> list[dict[str, Any]]:
        """Derive the labels of the images of the split.

        Returns:
            One dict per image, see the class.

        Raises:
            DatasetError: If a file or an image is missing, no category of the
                file is in the table, or the split cannot be drawn.
            AnnotationError: If a file is malformed.
        """
        content = read_coco_objects(self.ann_file)
        self._check_categories(content)
        names = self.table.names
        columns = self._columns(names, 'the table of attributes')
        chosen = [names[column] for column in columns]
        self._metainfo['attribute_groups'] = {
            group: tuple(name for name in members if name in chosen)
            for group, members in self.table.groups.items()
        }
        vectors = {
            category: np.array([name in found for name in chosen])
            for category, found in self.table.categories.items()
        }
        images, protocol = self._images_of_split(content.images)
        samples, without, unused = [], [], Counter[str]()
        for image in images:
            categories = self._categories_of(image, unused)
            if not categories:
                without.append(image.file_name)
                if self.without_objects == 'drop':
                    continue
            score = np.zeros(len(chosen), bool)
            for category in categories:
                score |= vectors[category]
            samples.append(
                dict(
                    img_path=osp.join(self.img_prefix, image.file_name),
                    img_id=image.img_id,
                    gt_score=score.astype(np.float32),
                )
            )
        account = ''.join(
            f'; objects {reason}: {n}' for reason, n in unused.items()
        )
        if without:
            fate = dict(keep='kept', drop='left out')[self.without_objects]
            account += (
                f'; images without a counted object, {fate}: {len(without)} '
                f'({shown(without)})'
            )
        return self._finish(samples, protocol, account)

    def _categories_of(
        self, image: CocoImage, unused: Counter[str]
    ) -> set[str]:
        """Categories of an image that count; counts why others do not."""
        found = set()
        for item in image.objects:
            if item.category not in self.table.categories:
                unused['of categories without attributes'] += 1
            elif item.crowd and not self.with_crowds:
                unused['that are groups (with_crowds=False)'] += 1
            elif item.area < self.min_area:
                unused[f'below {self.min_area:g} px²'] += 1
            else:
                found.add(item.category)
        return found

    def _images_of_split(
        self, images: list[CocoImage]
    ) -> tuple[list[CocoImage], str]:
        """Images of the split and the line that says what they are."""
        files = {image.file_name: image for image in images}
        name = Path(self.ann_file).name
        if self.image_list:
            path = Path(file_of(vars(self), 'image_list'))
            listed = read_names(path, files)
            return [files[item] for item in listed], (
                f'{len(listed)} images of {name} by the list {path.name}'
            )
        if self.split == 'all':
            return images, f'all {len(images)} images of {name}'
        drawn = draw_part(list(files), self.split, self.split_sizes, self.seed)
        sizes = '/'.join(f'{size:g}' for size in self.split_sizes)
        return [image for image in images if image.file_name in drawn], (
            f'{self.split} of {len(images)} images of {name}, split {sizes} '
            f'with seed {self.seed}'
        )

    def _check_categories(self, content: CocoObjects) -> None:
        """Some categories of the file must have attributes."""
        lacking = [
            name
            for name in content.categories
            if name not in self.table.categories
        ]
        if len(lacking) == len(content.categories):
            raise DatasetError(
                f'{self.ann_file}: expected categories such as '
                f'{shown(list(self.table.categories))}, found '
                f'{shown(lacking) or "none"}. Set attribute_file to a table '
                f"for these categories; it is '{self.attribute_file}'."
            )
        if lacking:
            print_log(
                f'{type(self).__name__}: {len(lacking)} of '
                f'{len(content.categories)} categories have no attributes: '
                f'{shown(lacking)}',
                logger='current',
            )


def _plain(value: Any) -> Any:
    """A value that compares by content, whether tuple or list."""
    return list(value) if isinstance(value, (list, tuple)) else value


def _list_faults(
    train: Mapping[str, Any], other: Mapping[str, Any]
) -> list[str]:
    """Images that are on a training list and on a test list."""
    paths = [Path(file_of(config, 'image_list')) for config in (train, other)]
    if not all(path.is_file() for path in paths):
        return []
    listed = [
        {line.strip() for line in read_text(path).splitlines()} - {''}
        for path in paths
    ]
    both = sorted(listed[0] & listed[1])
    if not both:
        return []
    return [
        f"image_list: {len(both)} of {len(listed[1])} images of '{paths[1]}' "
        f"are in '{paths[0]}' as well, the first is {both[0]}: take them out "
        'of one'
    ]
