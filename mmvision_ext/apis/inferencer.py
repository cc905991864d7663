"""One call from images to detections."""

import logging
from collections.abc import Sequence
from pathlib import Path

import torch
from mmcv.transforms import Compose
from mmdet.structures import DetDataSample
from mmdet.utils import get_test_pipeline_cfg
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.logging import print_log
from mmengine.registry import DefaultScope

from mmvision_ext.utils import InputError

from .model import Detector, load_detector
from .progress import track
from .results import DetectionResults, to_result
from .sources import (
    ChannelOrder,
    ImageInput,
    ImageSource,
    Pixels,
    list_sources,
)


class DetectionInferencer:
    """Detect objects in images, folders, patterns, arrays.

    Args:
        config: Config file or config.
        checkpoint: File or http(s) address of the weights.
        device: Such as ``'cuda:0'`` or ``'cpu'``; None takes the first GPU
            where there is one.
        score_thr: Lowest confidence that is kept.
        trust_checkpoint: Whether code that the checkpoint holds is run.

    Raises:
        InputError: See :func:`~mmvision_ext.apis.model.load_detector`.

    Example:
        >>> detect = DetectionInferencer('config.py', 'epoch_24.pth')
        >>> for result in detect('photos/'):
        ...     print(result.source.name, result.names, result.scores)
    """

    def __init__(
        self,
        config: str | Path | Config,
        checkpoint: str | Path,
        device: str | None = None,
        score_thr: float = 0.3,
        trust_checkpoint: bool = False,
    ) -> None:
        self.model = load_detector(
            config, checkpoint, device, trust_checkpoint
        )
        self.score_thr = score_thr
        self.pipeline = array_pipeline(self.model.cfg)

    def __call__(
        self,
        inputs: ImageInput | Sequence[ImageInput],
        batch_size: int = 1,
        channel_order: ChannelOrder = 'bgr',
        progress: bool = True,
    ) -> DetectionResults:
        """Detect objects.

        Args:
            inputs: A file, a folder, a pattern, an array (H, W, 3) uint8, a
                PIL image, or a list of these.
            batch_size: Images that run through the model at once.
            channel_order: Order of the channels of arrays: ``'bgr'`` as
                mmdet, mmcv and cv2 have them, or ``'rgb'``.
            progress: Show a progress bar.

        Returns:
            One result per image that could be read, in order; images of a
            folder or pattern that could not are counted in a warning and
            listed in ``skipped``.

        Raises:
            InputError: A file or folder does not exist or has no images, an
                image named by the caller cannot be read, or none can.
        """
        if batch_size < 1:
            raise InputError(
                f'batch_size: expected at least 1, found {batch_size}.'
            )
        sources = list_sources(inputs, channel_order)
        results = DetectionResults()
        waiting: list[tuple[ImageSource, Pixels]] = []
        for source in track(sources, 'detecting', len(sources), progress):
            try:
                waiting.append((source, source.read()))
            except InputError as error:
                if not source.may_skip:
                    raise
                results.skipped.append(str(error))
            if len(waiting) == batch_size:
                self._detect(waiting, results)
                waiting = []
        if waiting:
            self._detect(waiting, results)
        _report_skipped(results, len(sources))
        return results

    def _detect(
        self,
        images: Sequence[tuple[ImageSource, Pixels]],
        results: DetectionResults,
    ) -> None:
        samples = predict_arrays(
            self.model, self.pipeline, [pixels for _, pixels in images]
        )
        for (source, _), sample in zip(images, samples, strict=True):
            results.append(
                to_result(
                    sample, source, self.model.dataset_meta, self.score_thr
                )
            )


def array_pipeline(config: Config) -> Compose:
    """The test pipeline of a config for images that are already read.

    Args:
        config: A detection config with a ``test_dataloader``.

    Returns:
        The pipeline; it takes ``img`` (BGR, (H, W, 3), uint8) and
        ``img_id``.
    """
    steps = []
    for step in get_test_pipeline_cfg(config):
        name = str(step['type']).rpartition('.')[2]
        if name == 'LoadAnnotations':
            continue
        if name == 'LoadImageFromFile':
            step = {**step, 'type': 'mmdet.LoadImageFromNDArray'}
        steps.append(step)
    with DefaultScope.overwrite_default_scope(
        config.get('default_scope', 'mmdet')
    ):
        return Compose(steps)


@torch.no_grad()
def predict_arrays(
    model: Detector, pipeline: Compose, images: Sequence[Pixels]
) -> list[DetDataSample]:
    """Run a batch of images through a detector.

    Args:
        model: The detector, in evaluation mode.
        pipeline: What :func:`array_pipeline` gave.
        images: BGR, each of shape (H, W, 3), uint8.

    Returns:
        One data sample per image, with ``pred_instances`` in its pixels.
    """
    items = [
        pipeline(dict(img=image, img_id=index))
        for index, image in enumerate(images)
    ]
    return model.test_step(pseudo_collate(items))


def _report_skipped(results: DetectionResults, total: int) -> None:
    """Warn of images that could not be read; raise when none could."""
    if not results.skipped:
        return
    text = (
        f'{len(results.skipped)} of {total} images could not be read:\n  '
        + '\n  '.join(results.skipped)
    )
    if not results:
        raise InputError(text)
    print_log(text, 'current', logging.WARNING)
