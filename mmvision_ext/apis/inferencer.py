"""One call from images to detections."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from mmcv.transforms import Compose
from mmdet.structures import DetDataSample
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.registry import DefaultScope

from mmvision_ext.utils.config.dataset_configs import pipeline_of_test
from mmvision_ext.utils.number_checks import check_share
from mmvision_ext.utils.type_name import type_name

from .exported_model import load_model
from .model import Detector, config_faults, load_detector
from .results import DetectionResults, to_result
from .source_loop import in_batches, pipeline_faults, read_each
from .sources import (
    ChannelOrder,
    ImageInput,
    ImageSource,
    Pixels,
    list_sources,
)

#: A sample as the model takes it: ``inputs`` and ``data_samples``.
Packed = dict[str, Any]


class DetectionInferencer:
    """Detect objects in images, folders, addresses, videos, arrays.

    Args:
        config: Config file, name of a config in the model index, config, or
            file of tools/deployment/export_onnx.py, which needs no more.
        checkpoint: File or http(s) address of the weights; None takes the
            address in the model index.
        device: Such as ``'cuda:0'`` or ``'cpu'``; None takes the first GPU
            where there is one. Exported files run on the CPU.
        score_thr: Lowest confidence that is kept.
        trust_checkpoint: Whether code that the checkpoint holds is run.

    Raises:
        InputError: See :func:`~mmvision_ext.apis.model.load_detector`; or
            the config has no test pipeline, the exported file cannot be used,
            or the threshold is no number in [0, 1].

    Example:
        >>> detect = DetectionInferencer('config.py', 'epoch_24.pth')
        >>> for result in detect('photos/'):
        ...     print(result.source.name, result.names, result.scores)
    """

    def __init__(
        self,
        config: str | Path | Config,
        checkpoint: str | Path | None = None,
        device: str | None = None,
        score_thr: float = 0.3,
        trust_checkpoint: bool = False,
    ) -> None:
        check_share(score_thr, 'score_thr')
        self.model = load_model(
            config,
            checkpoint,
            device,
            trust_checkpoint,
            'detection',
            load_detector,
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
            inputs: A file, a folder, a pattern, an address, a video, an
                array (H, W, 3) uint8, a PIL image, or a list of these, see
                :func:`~mmvision_ext.apis.sources.list_sources`.
            batch_size: Images that run through the model at once.
            channel_order: Order of the channels of arrays: ``'bgr'`` as
                mmdet, mmcv and cv2 have them, or ``'rgb'``.
            progress: Show a progress bar.

        Returns:
            One result per image that could be read, in order; images of a
            folder, pattern or video that could not are counted in a warning
            and listed in ``skipped``.

        Raises:
            InputError: A file or folder does not exist or has no images, an
                image named by the caller cannot be read, or none can.
        """
        sources = list_sources(inputs, channel_order)
        results = DetectionResults()
        images = read_each(
            sources,
            self._prepare,
            results.skipped,
            'detecting',
            progress,
        )
        for batch in in_batches(images, batch_size):
            samples = _predict(self.model, [packed for *_, packed in batch])
            results += [
                to_result(
                    sample, source, self.model.dataset_meta, self.score_thr
                )
                for (_, source, _), sample in zip(batch, samples, strict=True)
            ]
        results.report_skipped(len(sources))
        return results

    def _prepare(self, source: ImageSource) -> Packed:
        with pipeline_faults(source.name):
            return _packed(self.pipeline, source.read())


def array_pipeline(config: Config) -> Compose:
    """The test pipeline of a config for images that are already read.

    Args:
        config: A detection config with a ``test_dataloader``.

    Returns:
        The pipeline; it takes ``img`` (BGR, (H, W, 3), uint8) and
        ``img_id``.

    Raises:
        InputError: The config has no test pipeline, or it cannot be built.
    """
    steps = []
    for step in pipeline_of_test(config):
        name = type_name(step.get('type'))
        if name == 'LoadAnnotations':
            continue
        if name == 'LoadImageFromFile':
            step = {**step, 'type': 'mmdet.LoadImageFromNDArray'}
        steps.append(step)
    with (
        DefaultScope.overwrite_default_scope(
            config.get('default_scope', 'mmdet')
        ),
        config_faults(config, 'test_dataloader'),
    ):
        return Compose(steps)


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
    return _predict(model, [_packed(pipeline, image) for image in images])


def _packed(pipeline: Compose, image: Pixels) -> Packed:
    """An image as the model takes it."""
    return pipeline(dict(img=image, img_id=0))


@torch.no_grad()
def _predict(model: Detector, batch: Sequence[Packed]) -> list[DetDataSample]:
    return model.test_step(pseudo_collate(batch))
