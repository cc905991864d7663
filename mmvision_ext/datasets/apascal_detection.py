"""aPascal for detectors: boxes, classes and 64 attributes."""

from collections.abc import Mapping
from typing import Any

from mmvision_ext.registry import DATASETS

from .apascal_attributes import NAMES, APascalAttributes
from .attribute_detection import AttributeDetDataset
from .metadata import load_metadata

IMAGES = 'VOCdevkit/VOC2012/JPEGImages'


@DATASETS.register_module()
class APascalDetection(AttributeDetDataset):
    """Images of PASCAL VOC with boxes, classes and attributes.

    All three come from aPascal's own files, which name every object of their
    images. Every attribute is known. Samples are those of
    :class:`AttributeDetDataset`; ``img_id`` is the file name without suffix,
    ``ann_id`` the line of the file, from 1.

    Args:
        data_root: Folder that holds ``apascal`` and ``VOCdevkit``.
        ann_file: As for :class:`APascalAttributes`.
        data_prefix: Folder of the images, ``dict(img=...)``, relative to
            ``data_root``.
        kwargs: As for :class:`AttributeDetDataset`.

    Raises:
        DatasetError: If an argument or the data cannot be used.
    """

    METAINFO = load_metadata('voc') | {'attributes': NAMES}
    READER = APascalAttributes

    def __init__(
        self,
        data_root: str,
        ann_file: str = '',
        *,
        data_prefix: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        self._img_folder = (data_prefix or {}).get('img', IMAGES)
        super().__init__(
            data_root,
            ann_file,
            data_prefix=dict(img=self._img_folder),
            **kwargs,
        )

    def _reader(self, metainfo: Mapping[str, Any] | None) -> APascalAttributes:
        """The dataset that reads the attributes of the split."""
        return APascalAttributes(
            **self._reading,
            data_prefix=self._img_folder,
            metainfo=metainfo,
            serialize_data=False,
        )
