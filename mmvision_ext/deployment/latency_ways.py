"""The ways to run a model on one image, each made when it is asked for."""

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from numpy.typing import NDArray
from torch import nn

from mmvision_ext.apis.inferencer import array_pipeline
from mmvision_ext.apis.model import load_classifier, load_detector
from mmvision_ext.apis.sources import list_sources
from mmvision_ext.utils import InputError

from .detector_check import pick_images
from .detector_export import export_detector
from .detector_graph import TwoStageGraph
from .detector_quantize import DETECTOR_PARTS
from .export import PixelsToProbabilities, export_onnx, random_images
from .images import ImageBatches
from .quantize import Calibration, quantize_onnx
from .session import OnnxClassifier, OnnxDetector

#: Height and width of random pixels; None takes an image of the test set.
InputSize = tuple[int, int] | None
#: Runs the image. Gives probabilities; or boxes and the class of each.
Way = Callable[[], Sequence[NDArray[Any]]]

_FLOAT_FILE, _INT8_FILE = 'float32.onnx', 'int8.onnx'


class TimedModel(ABC):
    """A model and an image.

    Attributes:
        unit: What a difference of the output is.
        graph: The model from pixels to its output.
        image: Pixels from 0 to 255, shape (1, C, H, W).
    """

    unit: str
    graph: nn.Module
    image: NDArray[np.float32]

    def eager(self) -> Way:
        """In PyTorch, operation by operation.

        Returns:
            The way.
        """
        return self._in_torch(self.graph)

    def compiled(self) -> Way:
        """In PyTorch, compiled when it is called first.

        Returns:
            The way.
        """
        graph = copy.deepcopy(self.graph)
        for part in self._parts_to_compile(graph):
            part.compile()
        return self._in_torch(graph)

    @abstractmethod
    def exported(self, folder: Path, threads: int) -> Way:
        """In ONNX Runtime.

        Args:
            folder: Where the file is written.
            threads: Number of threads.

        Returns:
            The way.
        """

    @abstractmethod
    def int8(self, folder: Path, threads: int) -> Way:
        """In ONNX Runtime, quantised.

        Args:
            folder: Where :meth:`exported` wrote its file.
            threads: Number of threads.

        Returns:
            The way.
        """

    @abstractmethod
    def _parts_to_compile(self, graph: Any) -> Sequence[nn.Module]:
        """Those of a copy of the graph."""

    @abstractmethod
    def _wanted(self, outputs: Sequence[Any]) -> Sequence[Any]:
        """What a way gives of all outputs of the graph."""

    def _in_torch(self, graph: nn.Module) -> Way:
        image = torch.from_numpy(self.image)

        @torch.no_grad()
        def run() -> Sequence[NDArray[Any]]:
            return [part.numpy() for part in self._wanted(graph(image))]

        return run


class TimedClassifier(TimedModel):
    """A classifier or attribute model.

    Args:
        config: Classification config.
        checkpoint: File of the weights.
        input_size: Of the image.

    Raises:
        InputError: A file is missing, or the weights do not fit.
    """

    unit = 'of a probability'

    def __init__(
        self, config: Config, checkpoint: str | Path, input_size: InputSize
    ) -> None:
        self._config = config
        self._model = load_classifier(config, checkpoint, 'cpu')
        self.graph = PixelsToProbabilities(self._model).eval()
        if input_size is None:
            test = ImageBatches(config, 'test', 1, limit=1, labelled=False)
            self.image = next(iter(test)).images
        else:
            self.image = random_images(1, (3, *input_size))

    def exported(self, folder: Path, threads: int) -> Way:
        path = export_onnx(
            self._model, folder / _FLOAT_FILE, self.image.shape[1:], {}, 1
        )
        return self._in_session(path, threads)

    def int8(self, folder: Path, threads: int) -> Way:
        how = Calibration(num_batches=64, batch_size=1)
        train = ImageBatches(
            self._config, 'train', 1, how.num_batches, 0, labelled=False
        )
        shape = next(iter(train)).images.shape
        if shape != self.image.shape:
            raise InputError(
                'int8 needs the size of the test pipeline, '
                f'{" x ".join(map(str, shape[2:]))}: ranges are found on '
                'images of the training set'
            )
        path = quantize_onnx(
            folder / _FLOAT_FILE, folder / _INT8_FILE, train, how
        )
        return self._in_session(path, threads)

    def _in_session(self, path: Path, threads: int) -> Way:
        session = OnnxClassifier(path, threads)
        return lambda: [session(self.image)]

    def _parts_to_compile(self, graph: Any) -> Sequence[nn.Module]:
        return [graph]

    def _wanted(self, outputs: Sequence[Any]) -> Sequence[Any]:
        return outputs[:1]


class TimedDetector(TimedModel):
    """A Mask or Faster R-CNN.

    Args:
        config: Detection config.
        checkpoint: File of the weights.
        input_size: Of the image.

    Raises:
        InputError: A file is missing, the weights do not fit, or the model
            cannot be exported.
    """

    unit = 'of the coordinate of a box, in pixels'

    def __init__(
        self, config: Config, checkpoint: str | Path, input_size: InputSize
    ) -> None:
        self._model = load_detector(config, checkpoint, 'cpu')
        self.graph = TwoStageGraph(self._model).eval()
        if input_size is None:
            (source,) = list_sources(pick_images(self._model.cfg)[0])
            pipeline = array_pipeline(self._model.cfg)
            item = pipeline(dict(img=source.read(), img_id=0))
            self.image = item['inputs'].float().numpy()[None]
        else:
            self.image = random_images(1, (3, *input_size))

    def exported(self, folder: Path, threads: int) -> Way:
        path = export_detector(self._model, folder / _FLOAT_FILE, {})
        return self._in_session(path, threads)

    def int8(self, folder: Path, threads: int) -> Way:
        how = Calibration(num_batches=64, batch_size=1)
        train = ImageBatches(
            self._model.cfg, 'train', 1, how.num_batches, 0, labelled=False
        )
        path = quantize_onnx(
            folder / _FLOAT_FILE,
            folder / _INT8_FILE,
            train,
            how,
            DETECTOR_PARTS,
        )
        return self._in_session(path, threads)

    def _in_session(self, path: Path, threads: int) -> Way:
        session = OnnxDetector(path, threads)

        def run() -> Sequence[NDArray[Any]]:
            found = session(self.image[0])
            return [found.boxes, found.labels]

        return run

    def _parts_to_compile(self, graph: Any) -> Sequence[nn.Module]:
        # What follows has other shapes in every image.
        model = graph.model
        return [model.backbone, *([model.neck] if model.with_neck else [])]

    def _wanted(self, outputs: Sequence[Any]) -> Sequence[Any]:
        return outputs[0], outputs[2]
