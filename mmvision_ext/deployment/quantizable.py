"""What the quantisation of a model needs to know of it."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

from .images import ImageBatches
from .quantize import QuantizedParts


class QuantizableModel(ABC):
    """A trained model: how it is exported, run and judged.

    Attributes:
        parts: Which nodes of its graph are quantised.
        train: Images of its training set to find the ranges with.
        test: Images of its test set.
    """

    parts: ClassVar[QuantizedParts] = QuantizedParts()
    train: ImageBatches
    test: ImageBatches

    @abstractmethod
    def export(self, path: Path) -> Path:
        """Write it as an ONNX file that computes the same.

        Args:
            path: File to write.

        Returns:
            The file.

        Raises:
            InputError: The model cannot be exported, or the export differs
                from PyTorch.
        """

    @abstractmethod
    def call_of(self, path: Path) -> Callable[[], Any]:
        """Load a file to time it.

        Args:
            path: An export of this model.

        Returns:
            What runs it on one image.
        """

    @abstractmethod
    def accuracy_of(
        self, files: Mapping[str, Path]
    ) -> dict[str, dict[str, float]]:
        """Judge files on the test set.

        Args:
            files: Exports of this model by name, that of PyTorch's precision
                first.

        Returns:
            For each name the columns of a
            :class:`~mmvision_ext.deployment.report.Stage`, in per cent.

        Raises:
            InputError: The evaluator has none of these columns.
        """
