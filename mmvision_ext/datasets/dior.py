"""DIOR: 20 classes of aerial images with horizontal boxes."""

from typing import Any

from mmvision_ext.registry import DATASETS

from .dior_reader import read_dior
from .metadata import load_metadata
from .voc_instance import VOCInstanceDataset

DIOR_FOLDERS = dict(
    img='JPEGImages-trainval', ann='Annotations/Horizontal Bounding Boxes'
)


@DATASETS.register_module()
class DIORDataset(VOCInstanceDataset):
    """DIOR as it is distributed: image lists and VOC-style XML, no masks.

    Li et al., "Object detection in optical remote sensing images: A survey
    and a new benchmark", ISPRS Journal 159, 2020. Samples are those of
    :class:`VOCInstanceDataset` without masks. The files have no
    ``difficult``; where another tool wrote it, the object is ignored.

    The metainfo also has ``novel_classes``, the four of the open-vocabulary
    split. To train without them, name the other 16 in
    ``metainfo=dict(classes=...)``: objects of every other class leave the
    annotations and are counted in :attr:`report`. Their image stays, and what
    shows of them is background; an image that is left without objects leaves
    by ``filter_cfg=dict(filter_empty_gt=True)``.

    Args:
        with_images: Whether every image has to be there. False reads the
            annotations alone, for statistics; nothing is loaded then.
        data_root: The folder with ``ImageSets``.
        ann_file: Image list, relative to ``data_root``.
        data_prefix: Folders ``img`` and ``ann`` relative to ``data_root``;
            those not given keep DIOR's names for training images and
            horizontal boxes. The test images are in ``JPEGImages-test``.
        kwargs: As for ``mmdet.BaseDetDataset``: ``metainfo``, ``filter_cfg``
            (``filter_empty_gt``, ``min_size``), ``pipeline``, ``test_mode``,
            ...
    """

    METAINFO = load_metadata('dior_20')

    def __init__(
        self,
        *,
        with_images: bool = True,
        data_root: str = '',
        ann_file: str = '',
        data_prefix: dict[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        self.with_images = with_images
        super().__init__(
            with_mask=False,
            data_root=data_root,
            ann_file=ann_file,
            data_prefix=DIOR_FOLDERS | (data_prefix or {}),
            **kwargs,
        )

    def load_data_list(self) -> list[dict[str, Any]]:
        """Read the annotations.

        Returns:
            One dict per image, see the class.

        Raises:
            DatasetError: If a file or folder does not exist.
            AnnotationError: If a file is malformed.
        """
        self.check_data_root()
        samples, self.report = read_dior(self.source, self.with_images)
        return [self._to_data_info(sample) for sample in samples]

    def _account(self, headline: str) -> str:
        """The report, with the number of objects of each class."""
        counts = ', '.join(
            f'{name} {self.report.found[name]}' for name in self.report.classes
        )
        return f'{super()._account(headline)}\n  objects read: {counts}'
