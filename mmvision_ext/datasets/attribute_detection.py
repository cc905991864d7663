"""What the detection datasets share whose objects have attributes."""

import os.path as osp
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from inspect import signature
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from .checked_dataset import CheckedDetDataset
from .errors import DatasetError
from .image_splits import Part
from .object_attributes import ObjectAttributeDataset
from .report import DatasetReport, Reason


class AttributeDetDataset(CheckedDetDataset):
    """Images with the boxes, classes and attributes of their objects.

    The ``classes`` of the metainfo are those of the objects, its
    ``attributes`` the names of the A attributes; ``metainfo=dict(...)`` takes
    a part of either. The metainfo also has ``protocol`` and, where the data
    have them, ``attribute_groups``.

    Each sample is a dict of ``img_path``, ``img_id``, ``height`` and
    ``width`` in pixels, ``num_attributes`` (A) and ``instances``, a list of
    dicts of ``bbox`` (``[x1, y1, x2, y2]``, pixel edges from 0),
    ``bbox_label``, ``ignore_flag``, ``ann_id``, ``attributes``, float32 (A,),
    1 for each attribute that the object has, and ``attribute_mask``, bool
    (A,), False where nobody looked; ``attributes`` is 0 there. A pipeline
    takes them along with
    :class:`~mmvision_ext.datasets.transforms.LoadObjectAttributes` and
    :class:`~mmvision_ext.datasets.transforms.PackDetAttributes`.

    Args:
        data_root: Folder of the data.
        ann_file: File of the attributes, relative to ``data_root``.
        split: As for :class:`ObjectAttributeDataset`, which reads them.
        val_share: As for :class:`ObjectAttributeDataset`.
        seed: As for :class:`ObjectAttributeDataset`.
        test_mode: As for ``mmengine.dataset.BaseDataset``; None: by ``split``.
        kwargs: As for :class:`CheckedDetDataset`: ``metainfo``,
            ``filter_cfg`` (``filter_empty_gt``, ``min_size``),
            ``pipeline``, ...

    Raises:
        DatasetError: If an argument or the data cannot be used.
    """

    #: The dataset of object crops that reads the same files.
    READER: ClassVar[type[ObjectAttributeDataset]]

    def __init__(
        self,
        data_root: str,
        ann_file: str = '',
        *,
        split: Part = 'train',
        val_share: float = 0.0,
        seed: int = 0,
        test_mode: bool | None = None,
        **kwargs: Any,
    ) -> None:
        self._reading: dict[str, Any] = dict(
            data_root=data_root,
            ann_file=ann_file,
            split=split,
            val_share=val_share,
            seed=seed,
        )
        if test_mode is None:
            test_mode = split != 'train'
        super().__init__(
            with_mask=False,
            data_root=osp.expanduser(str(data_root)),
            ann_file=str(ann_file),
            test_mode=test_mode,
            **kwargs,
        )

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
        configs = [cls._reader_config(config) for config in (train, other)]
        return [
            fault.replace('metainfo.classes', 'metainfo.attributes')
            for fault in cls.READER.config_faults(*configs)
        ]

    def load_data_list(self) -> list[dict[str, Any]]:
        """Read the images of the split.

        Returns:
            One dict per image, see the class.

        Raises:
            DatasetError: If a file or an image is missing.
            AnnotationError: If a file is malformed.
        """
        self.check_data_root()
        given = self._metainfo.get('attributes')
        reader = self._reader(given and {'classes': tuple(given)})
        self._metainfo['attributes'] = reader.metainfo['classes']
        for key in ('attribute_groups', 'protocol'):
            if key in reader.metainfo:
                self._metainfo[key] = reader.metainfo[key]
        protocol = self._metainfo['protocol']
        if self._indices is not None:
            protocol = f'a part (indices) of: {protocol}'
            self._metainfo['protocol'] = protocol
        self.report = DatasetReport(protocol, tuple(self._metainfo['classes']))
        annotated = [reader.get_data_info(i) for i in range(len(reader))]
        images: dict[str, list[dict[str, Any]]] = {}
        for item in self._objects(annotated):
            images.setdefault(item['img_path'], []).append(item)
        self.report.images_read = len(images)
        return [self._image(path, items) for path, items in images.items()]

    def attribute_matrix(self) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        """Labels of all objects that are not ignored, for priors and weights.

        Returns:
            Scores, float32 (N, A), 1 where an object has an attribute, and
            the mask, bool (N, A), True where that is known.

        Raises:
            DatasetError: If there is no such object.
        """
        items = [
            item
            for index in range(len(self))
            for item in self.get_data_info(index)['instances']
            if not item['ignore_flag']
        ]
        if not items:
            raise DatasetError(
                f'{type(self).__name__}: expected objects of the classes in '
                'metainfo, to count their attributes, found none; the account '
                'is in the log'
            )
        scores = np.stack([item['attributes'] for item in items])
        return scores, np.stack([item['attribute_mask'] for item in items])

    @abstractmethod
    def _reader(
        self, metainfo: Mapping[str, Any] | None
    ) -> ObjectAttributeDataset:
        """The dataset that reads the attributes of the split.

        Args:
            metainfo: ``classes`` takes a part of the attributes.
        """

    def _objects(
        self, annotated: Sequence[dict[str, Any]]
    ) -> Sequence[dict[str, Any]]:
        """All objects of the images.

        Args:
            annotated: Samples of the reader, by image.

        Returns:
            Samples like them, by image; those of which no attribute is known
            lack ``gt_score``, groups of objects have ``crowd=True``.
        """
        return annotated

    @classmethod
    def _reader_config(cls, config: Mapping[str, Any]) -> dict[str, Any]:
        """Arguments of the reader out of those of this class."""
        known = {'ann_file': ''} | {**config}
        taken = {
            name
            for kind in (ObjectAttributeDataset, cls.READER)
            for name in signature(kind).parameters
        } - {'metainfo', 'data_prefix', 'test_mode', 'kwargs'}
        found = {key: value for key, value in known.items() if key in taken}
        attributes = (config.get('metainfo') or {}).get('attributes')
        if attributes:
            found['metainfo'] = {'classes': tuple(attributes)}
        return found

    def _image(
        self, path: str, items: Sequence[dict[str, Any]]
    ) -> dict[str, Any]:
        """One image with those of its objects whose class is wanted."""
        count = len(self._metainfo['attributes'])
        classes = {name: i for i, name in enumerate(self.report.classes)}
        instances = []
        for item in items:
            category = item['category']
            self.report.objects_read += 1
            self.report.found[category] += 1
            place = f'{osp.basename(path)}, object {item["ann_id"]}'
            if category not in classes:
                known = category in self.METAINFO['classes']
                self.report.add(
                    Reason.OTHER_CLASSES if known else Reason.UNKNOWN_CLASS,
                    f'{place}: {category}',
                )
                continue
            crowd = item.get('crowd', False)
            if crowd:
                self.report.add(Reason.CROWD, place)
            scores = item.get('gt_score')
            mask = np.full(count, scores is not None and not crowd)
            instances.append(
                dict(
                    bbox=list(item['bbox']),
                    bbox_label=classes[category],
                    ignore_flag=int(crowd),
                    ann_id=item['ann_id'],
                    attributes=np.zeros(count, np.float32)
                    if scores is None
                    else scores,
                    attribute_mask=mask & item.get('gt_mask', True),
                )
            )
        first = items[0]
        return dict(
            img_path=path,
            img_id=first.get('img_id', osp.splitext(osp.basename(path))[0]),
            height=first['height'],
            width=first['width'],
            num_attributes=count,
            instances=instances,
        )
