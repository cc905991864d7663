"""One call from images to attributes."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from mmengine.config import Config
from numpy.typing import ArrayLike, NDArray

from mmvision_ext.evaluation.attribute_thresholds import read_thresholds
from mmvision_ext.utils import InputError
from mmvision_ext.utils.number_checks import check_share

from .attribute_model import Packed, load_attribute_model
from .attribute_results import AttributeResult, AttributeResults, Box
from .source_loop import in_batches, read_each
from .sources import ChannelOrder, ImageInput, ImageSource, list_sources


class AttributeInferencer:
    """Attributes of images, or of objects in them.

    Args:
        config: Config file, name of a config in the model index, config, or
            file of tools/deployment/export_onnx.py, which needs no more.
        checkpoint: File or http(s) address of the weights; None takes the
            address in the model index.
        device: Such as ``'cuda:0'`` or ``'cpu'``; None takes the first GPU
            where there is one. Exported files run on the CPU.
        thresholds: Score from which an attribute counts as present: one for
            all, or the file with one for each that ``AttributeMetric`` writes
            (``save_thresholds``).
        trust_checkpoint: Whether code that the checkpoint holds is run.

    Raises:
        InputError: See :func:`~mmvision_ext.apis.attribute_model.
            load_attribute_model`; or the thresholds cannot be used.

    Example:
        >>> describe = AttributeInferencer('config.py', 'epoch_30.pth')
        >>> for result in describe('photos/'):
        ...     print(result.source.name, result.top(5))
    """

    def __init__(
        self,
        config: str | Path | Config,
        checkpoint: str | Path | None = None,
        device: str | None = None,
        thresholds: float | str | Path = 0.5,
        trust_checkpoint: bool = False,
    ) -> None:
        self.model = load_attribute_model(
            config, checkpoint, device, trust_checkpoint
        )
        self.thresholds = threshold_vector(thresholds, self.model.names)

    def __call__(
        self,
        inputs: ImageInput | Sequence[ImageInput],
        boxes: Sequence[ArrayLike] | None = None,
        known: Mapping[str, bool] | None = None,
        batch_size: int = 1,
        channel_order: ChannelOrder = 'bgr',
        progress: bool = True,
    ) -> AttributeResults:
        """Score images, or objects in them.

        Args:
            inputs: A file, a folder, a pattern, an address, a video, an
                array (H, W, 3) uint8, a PIL image, or a list of these, see
                :func:`~mmvision_ext.apis.sources.list_sources`.
            boxes: For models of objects: of each image its objects, (N, 4),
                x1, y1, x2, y2 in pixels. None takes each image as one object.
            known: What is known of all of them, such as ``{'metal': True}``,
                for a ``CrossModalAttributeClassifier``.
            batch_size: Images or objects that run through the model at once.
            channel_order: Order of the channels of arrays: ``'bgr'`` as
                mmdet, mmcv and cv2 have them, or ``'rgb'``.
            progress: Show a progress bar.

        Returns:
            One result for each image that could be read, in order; with
            boxes one for each box, by image. Images of a folder,
            pattern or video that could not be read are counted in a warning
            and listed in ``skipped``.

        Raises:
            InputError: A file or folder does not exist or has no images, an
                image named by the caller cannot be read, or none can; the
                boxes are not one list for each image, or one lies outside its
                image; or what is known cannot be told.
        """
        sources = list_sources(inputs, channel_order)
        of_image = _boxes_of(boxes, len(sources))
        told = None if known is None else self.model.known_vector(known)
        results = AttributeResults()
        images = read_each(
            sources, self.model.read, results.skipped, 'scoring', progress
        )
        samples = (
            (source, box, self.model.prepare(pixels, source.name, box, told))
            for position, source, pixels in images
            for box in of_image[position]
        )
        for batch in in_batches(samples, batch_size):
            self._score(batch, results)
        results.report_skipped(len(sources))
        return results

    def _score(
        self,
        batch: Sequence[tuple[ImageSource, Box | None, Packed]],
        results: AttributeResults,
    ) -> None:
        scores = self.model.predict([packed for *_, packed in batch])
        for (source, box, packed), row in zip(batch, scores, strict=True):
            height, width = packed['data_samples'].ori_shape
            results.append(
                AttributeResult(
                    source,
                    height,
                    width,
                    self.model.names,
                    self.model.groups,
                    row,
                    self.thresholds,
                    box,
                )
            )


def threshold_vector(
    thresholds: float | str | Path, names: Sequence[str]
) -> NDArray[np.float64]:
    """Thresholds of a model's attributes.

    Args:
        thresholds: One for all, or a file that ``AttributeMetric`` wrote.
        names: The A attributes.

    Returns:
        Shape (A,).

    Raises:
        InputError: One is no number in [0, 1], or the file cannot be read or
            lacks an attribute.
    """
    if isinstance(thresholds, (str, Path)):
        return read_thresholds(thresholds).of(names)
    check_share(thresholds, 'thresholds', ', or a file')
    return np.full(len(names), float(thresholds))


def _boxes_of(
    boxes: Sequence[ArrayLike] | None, images: int
) -> list[list[Box | None]]:
    """Boxes of each image; None stands for the whole image."""
    if boxes is None:
        return [[None]] * images
    if len(boxes) != images:
        raise InputError(
            f'boxes: expected one list of boxes for each of the {images} '
            f'images, found {len(boxes)}.'
        )
    checked: list[list[Box | None]] = []
    for index, rows in enumerate(boxes):
        expected = (
            f'boxes[{index}]: expected shape (N, 4), x1, y1, x2, y2 in pixels'
        )
        try:
            array = np.asarray(rows, np.float64)
        except (TypeError, ValueError) as error:
            raise InputError(f'{expected}, found {rows!r}.') from error
        if array.size and (array.ndim != 2 or array.shape[1] != 4):
            raise InputError(f'{expected}, found {array.shape}.')
        checked.append([(a, b, c, d) for a, b, c, d in array.tolist()])
    return checked
