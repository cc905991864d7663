"""Int8 post-training static quantisation of a classifier."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.config import Config

from mmvision_ext.apis.model import load_classifier
from mmvision_ext.apis.progress import track

from .export import check_onnx, describe, export_onnx, require_close
from .images import ImageBatches
from .quantizable import QuantizableModel
from .quantize import Calibration
from .session import OnnxClassifier

_TOLERANCE = 1e-4  # of a probability; see export_onnx


class QuantizableClassifier(QuantizableModel):
    """A classifier, whose top-1 accuracy counts.

    Args:
        config: Classification config; images of its training set calibrate,
            those of its test set give the accuracy.
        checkpoint: File of the weights.
        calibration: How the ranges are found.
        threads: Number of threads of a session.

    Raises:
        InputError: A file is missing, or the weights do not fit.
    """

    def __init__(
        self,
        config: Config,
        checkpoint: str | Path,
        calibration: Calibration,
        threads: int,
    ) -> None:
        self._model = load_classifier(config, checkpoint, 'cpu')
        self._checkpoint = checkpoint
        self._threads = threads
        size = calibration.batch_size
        self.test = ImageBatches(config, 'test', size)
        self.train = ImageBatches(
            config, 'train', size, calibration.num_images, seed=0
        )
        self._first = next(iter(self.test)).images

    def export(self, path: Path) -> Path:
        """See :class:`~mmvision_ext.deployment.quantizable.QuantizableModel`.

        Args:
            path: File to write.

        Returns:
            The file.

        Raises:
            InputError: The export differs from PyTorch.
        """
        shape = self._first.shape[1:]
        metadata = describe(self._model, self._checkpoint, shape)
        export_onnx(self._model, path, shape, metadata)
        batches = (1, len(self._first))
        require_close(
            check_onnx(self._model, path, self._first, batches), _TOLERANCE
        )
        return path

    def call_of(self, path: Path) -> Callable[[], Any]:
        """Load a file to time it.

        Args:
            path: An export of this model.

        Returns:
            What classifies one image.
        """
        session, image = OnnxClassifier(path, self._threads), self._first[:1]
        return lambda: session(image)

    def accuracy_of(
        self, files: Mapping[str, Path]
    ) -> dict[str, dict[str, float]]:
        """Classify the same images with all files.

        Args:
            files: Exports of this model by name.

        Returns:
            ``top1``, and the ``agreement`` with the first, in per cent.
        """
        sessions = [
            OnnxClassifier(path, self._threads) for path in files.values()
        ]
        labels, predicted = [], []
        for batch in track(self.test, 'classifying', len(self.test)):
            labels.append(batch.labels)
            predicted.append(
                [session(batch.images).argmax(1) for session in sessions]
            )
        truth, found = np.concatenate(labels), np.concatenate(predicted, 1)
        return {
            name: dict(
                top1=float((classes == truth).mean() * 100),
                agreement=float((classes == found[0]).mean() * 100),
            )
            for name, classes in zip(files, found, strict=True)
        }
