"""One call from images to classes."""

from collections.abc import Sequence
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate

from .classification import class_scores
from .classification_input import ClassifierInput
from .classification_results import ClassificationResult, ClassificationResults
from .exported_model import load_model
from .model import load_classifier
from .source_loop import in_batches, read_each
from .sources import ChannelOrder, ImageInput, list_sources


class ClassificationInferencer:
    """Classes of images.

    Args:
        config: Config file, name of a config in the model index, config, or
            file of tools/deployment/export_onnx.py, which needs no more.
        checkpoint: File or http(s) address of the weights; None takes the
            address in the model index.
        device: Such as ``'cuda:0'`` or ``'cpu'``; None takes the first GPU
            where there is one. Exported files run on the CPU.
        trust_checkpoint: Whether code that the checkpoint holds is run.

    Raises:
        InputError: See :func:`~mmvision_ext.apis.model.load_classifier`; or
            the config has no test pipeline, or the exported file cannot be
            used.

    Example:
        >>> classify = ClassificationInferencer('config.py', 'epoch_50.pth')
        >>> for result in classify('photos/'):
        ...     print(result.source.name, result.top(3))
    """

    def __init__(
        self,
        config: str | Path | Config,
        checkpoint: str | Path | None = None,
        device: str | None = None,
        trust_checkpoint: bool = False,
    ) -> None:
        self.model = load_model(
            config,
            checkpoint,
            device,
            trust_checkpoint,
            'classification',
            load_classifier,
        )
        self.classes = tuple(map(str, self.model.dataset_meta['classes']))
        self._input = ClassifierInput(self.model.cfg)

    def __call__(
        self,
        inputs: ImageInput | Sequence[ImageInput],
        batch_size: int = 1,
        channel_order: ChannelOrder = 'bgr',
        progress: bool = True,
    ) -> ClassificationResults:
        """Classify images.

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
                image named by the caller cannot be read, or none can; or the
                model gives no probability for each class.
        """
        sources = list_sources(inputs, channel_order)
        results = ClassificationResults()
        images = read_each(
            sources,
            self._input.prepare,
            results.skipped,
            'classifying',
            progress,
        )
        for batch in in_batches(images, batch_size):
            with torch.no_grad():
                samples = self.model.test_step(
                    pseudo_collate([packed for *_, packed in batch])
                )
            results += [
                ClassificationResult(
                    source,
                    self.classes,
                    class_scores(sample, len(self.classes)).numpy(),
                )
                for (_, source, _), sample in zip(batch, samples, strict=True)
            ]
        results.report_skipped(len(sources))
        return results
