"""What a detector found in an image."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from mmdet.structures import DetDataSample
from mmdet.structures.bbox import get_box_tensor
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from mmvision_ext.evaluation.metrics.collector import encode_masks
from mmvision_ext.visualization.draw import Picture, draw_instances

from .result_list import ResultList, coco_content, data_frame
from .sources import ImageSource

if TYPE_CHECKING:
    from pandas import DataFrame

Rle = dict[str, Any]


@dataclass
class DetectionResult:
    """Detections of one image, best first.

    Attributes:
        source: The image.
        height: Its height in pixels.
        width: Its width in pixels.
        boxes: x1, y1, x2, y2 in its pixels, shape (N, 4), float32.
        scores: Confidences from 0 to 1, shape (N,), float32.
        labels: Indices into ``classes``, shape (N,), int64.
        classes: Names of all classes of the model.
        masks: One COCO run-length mask of the image's size per detection;
            None where the model has no masks.
        palette: One colour per class, or None.
    """

    source: ImageSource
    height: int
    width: int
    boxes: NDArray[np.float32]
    scores: NDArray[np.float32]
    labels: NDArray[np.int64]
    classes: Sequence[str]
    masks: list[Rle] | None = None
    palette: Sequence[Sequence[int]] | None = field(default=None, repr=False)

    def __len__(self) -> int:
        return len(self.scores)

    @property
    def names(self) -> list[str]:
        """Class name of each detection, N of them."""
        return [self.classes[label] for label in self.labels]

    @property
    def summary(self) -> str:
        """The image and what was found in it, in a line."""
        found = ', '.join(
            f'{name} {score:.2f}'
            for name, score in zip(self.names, self.scores, strict=True)
        )
        return f'{self.source.name}: {found or "nothing found"}'

    def mask_array(self) -> NDArray[np.bool_] | None:
        """Masks as an array.

        Returns:
            Shape (N, height, width), bool; None where the model has no
            masks.
        """
        return (
            None
            if self.masks is None
            else decode_masks(self.masks, self.height, self.width)
        )

    def draw(self, long_side: int | None = None) -> Picture:
        """Draw the detections on the image.

        Args:
            long_side: Long side of the picture in pixels. None keeps the
                size of the image and enlarges small ones.

        Returns:
            RGB, shape (H, W, 3), uint8.
        """
        image = self.source.read_rgb()
        return draw_instances(
            image,
            self.boxes,
            self.labels,
            self.scores,
            self.classes,
            self.mask_array(),
            self.palette,
            long_side,
        )

    def to_coco(
        self,
        image_id: int | str = 0,
        category_ids: Sequence[int] | None = None,
    ) -> list[dict[str, Any]]:
        """Detections in COCO's results format.

        Args:
            image_id: Id of the image.
            category_ids: Id of each class. None numbers the classes from 1.

        Returns:
            Per detection ``image_id``, ``category_id``, ``bbox`` (x, y,
            width, height), ``score`` and, with masks, ``segmentation``
            (run-length).
        """
        ids = category_ids or range(1, len(self.classes) + 1)
        entries = []
        for index, (x1, y1, x2, y2) in enumerate(self.boxes.tolist()):
            entry: dict[str, Any] = dict(
                image_id=image_id,
                category_id=ids[int(self.labels[index])],
                bbox=[x1, y1, x2 - x1, y2 - y1],
                score=float(self.scores[index]),
            )
            if self.masks is not None:
                entry['segmentation'] = self.masks[index]
            entries.append(entry)
        return entries


class DetectionResults(ResultList[DetectionResult]):
    """Detections of several images, in their order.

    Attributes:
        skipped: Message for each image of a folder, pattern or video that
            could not be read.
    """

    def to_coco(self) -> dict[str, list[dict[str, Any]]]:
        """All detections as one COCO-style dict.

        Returns:
            ``images`` (id from 1, file_name, height, width), ``categories``
            (id from 1, name) and ``annotations`` as
            :meth:`DetectionResult.to_coco` gives them, with an ``id``.
        """
        images, annotations = [], []
        for image_id, result in enumerate(self, start=1):
            images.append(
                dict(
                    id=image_id,
                    file_name=result.source.name,
                    height=result.height,
                    width=result.width,
                )
            )
            annotations += result.to_coco(image_id)
        classes = self[0].classes if self else ()
        return coco_content(images, classes, annotations)

    def to_pandas(self) -> 'DataFrame':
        """All detections as a table.

        Returns:
            A row for each detection: ``image``, ``class``, ``score``, and
            ``x1``, ``y1``, ``x2``, ``y2`` in pixels.

        Raises:
            InputError: pandas is not installed.
        """
        corners = ('x1', 'y1', 'x2', 'y2')
        rows = [
            {
                'image': result.source.name,
                'class': name,
                'score': float(score),
                **dict(zip(corners, box, strict=True)),
            }
            for result in self
            for name, score, box in zip(
                result.names, result.scores, result.boxes.tolist(), strict=True
            )
        ]
        return data_frame(rows, ('image', 'class', 'score', *corners))


def to_result(
    sample: DetDataSample,
    source: ImageSource,
    dataset_meta: dict[str, Any],
    score_thr: float = 0.0,
) -> DetectionResult:
    """Turn mmdet's prediction for one image into a result.

    Args:
        sample: A data sample with ``pred_instances`` in pixels of the
            original image.
        source: The image.
        dataset_meta: ``classes`` and ``palette`` of the model.
        score_thr: Lowest confidence that is kept.

    Returns:
        The result, best first.
    """
    found = sample.pred_instances.cpu()
    found = found[found.scores >= score_thr]
    found = found[torch.argsort(found.scores, descending=True, stable=True)]
    height, width = sample.ori_shape
    palette = dataset_meta.get('palette')
    return DetectionResult(
        source,
        height,
        width,
        boxes=get_box_tensor(found.bboxes).float().numpy().reshape(-1, 4),
        scores=found.scores.float().numpy(),
        labels=found.labels.numpy().astype(np.int64),
        classes=tuple(dataset_meta['classes']),
        masks=_text_masks(found.masks) if 'masks' in found else None,
        palette=None if isinstance(palette, str) else palette,
    )


def decode_masks(
    masks: Sequence[Mapping[str, object]], height: int, width: int
) -> NDArray[np.bool_]:
    """COCO run-lengths as an array.

    Args:
        masks: N run-length masks of one size.
        height: That height in pixels.
        width: That width in pixels.

    Returns:
        Shape (N, height, width), bool.
    """
    if not masks:
        return np.zeros((0, height, width), bool)
    return np.stack([coco_mask.decode(mask) for mask in masks]).astype(bool)


def _text_masks(masks: torch.Tensor) -> list[Rle]:
    """Masks (N, H, W) as run-lengths whose counts are text, as JSON needs."""
    return [
        dict(
            size=[int(side) for side in rle['size']],
            counts=rle['counts'].decode(),
        )
        for rle in encode_masks(masks)
    ]
