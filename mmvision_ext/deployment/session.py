"""Run an ONNX file on the processor."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmvision_ext.utils import InputError, reason_of

from .graph_file import graph_metadata, read_graph
from .packages import need


@dataclass(frozen=True)
class Found:
    """What an exported detector found in an image, best first.

    Attributes:
        boxes: x1, y1, x2, y2 in pixels of the input, shape (N, 4), float32.
        scores: Shape (N,), float32.
        labels: Index of the class, shape (N,), int64.
        masks: Probabilities inside of each box, shape (N, 28, 28), float32;
            None where the model has no masks.
    """

    boxes: NDArray[np.float32]
    scores: NDArray[np.float32]
    labels: NDArray[np.int64]
    masks: NDArray[np.float32] | None = None


class OnnxModel:
    """An exported model in ONNX Runtime, which is given one file alone.

    Args:
        path: File that a tool of this project wrote.
        threads: Number of threads; None takes ONNX Runtime's choice.
        graph: What :func:`~.graph_file.read_graph` gave of it; None reads it.

    Attributes:
        path: As given.
        metadata: What the file says of itself; see docs/deployment.md.

    Raises:
        InputError: There is no such file, it names others, ONNX Runtime
            cannot load it, or it has other inputs or outputs.
    """

    outputs: tuple[tuple[str, ...], ...]  # names that a file may have

    def __init__(
        self,
        path: str | Path,
        threads: int | None = None,
        graph: Any = None,
    ) -> None:
        runtime = need('onnxruntime')
        graph = read_graph(path) if graph is None else graph
        self.path = path
        self.metadata = graph_metadata(graph, path)
        options = runtime.SessionOptions()
        options.log_severity_level = 4  # what is fatal; errors are raised
        options.intra_op_num_threads = threads or 0
        # Waiting threads of one model would slow another one down.
        options.add_session_config_entry(
            'session.intra_op.allow_spinning', '0'
        )
        try:
            # Of the bytes that were checked: the file may have changed.
            self._session: Any = runtime.InferenceSession(
                graph.SerializeToString(),
                options,
                providers=['CPUExecutionProvider'],
            )
        except Exception as error:  # ONNX Runtime raises many kinds
            raise InputError(
                f'model {path}: expected an ONNX file, found one that ONNX '
                f'Runtime cannot load ({error}). Export it again.'
            ) from error
        self._check_ends()
        entry = self._session.get_inputs()[0]
        self._input = entry.name
        self._shape: list[int | str | None] = entry.shape

    def _check_ends(self) -> None:
        """Refuse a graph of other inputs or outputs."""
        inputs = [
            (entry.type, len(entry.shape))
            for entry in self._session.get_inputs()
        ]
        if inputs != [('tensor(float)', 4)]:
            raise InputError(
                f'model {self.path}: expected one input of float32, (N, C, '
                f'H, W), found {len(inputs)} of type and rank {inputs}. '
                'Export it by tools/deployment/export_onnx.py.'
            )
        names = tuple(entry.name for entry in self._session.get_outputs())
        if names not in self.outputs:
            expected = ' or '.join(map(', '.join, self.outputs))
            raise InputError(
                f'model {self.path}: expected the outputs {expected}, found '
                f'{", ".join(names)}. Export it by tools/deployment/'
                'export_onnx.py.'
            )

    def _run(self, images: NDArray[np.float32], *names: str) -> list[Any]:
        """Outputs; all of them where none is named."""
        try:
            return self._session.run(names or None, {self._input: images})
        except Exception as error:  # ONNX Runtime raises many kinds
            raise InputError(
                f'model {self.path}: expected one that takes images of shape '
                f'{images.shape}, found that ONNX Runtime fails: '
                f'{reason_of(error)}'
            ) from error


class OnnxClassifier(OnnxModel):
    """An exported classifier or attribute model, see ``export_onnx``."""

    outputs = (('probabilities', 'logits'),)

    @property
    def batch_size(self) -> int | None:
        """The only batch size that the file takes; None where it takes any."""
        size = self._shape[0]
        return size if isinstance(size, int) else None

    def __call__(
        self, images: NDArray[np.float32], output: str = 'probabilities'
    ) -> NDArray[np.float32]:
        """Classify images.

        Args:
            images: Pixels from 0 to 255, shape (N, C, H, W).
            output: ``'probabilities'`` or ``'logits'``.

        Returns:
            One value a class, shape (N, number of classes).

        Raises:
            InputError: ONNX Runtime fails, or the output has another shape.
        """
        (scores,) = self._run(images, output)
        _require(self.path, output, scores, 'f', (len(images), None))
        return scores


class OnnxDetector(OnnxModel):
    """An exported detector, see ``export_detector``."""

    outputs = (
        ('boxes', 'scores', 'labels'),
        ('boxes', 'scores', 'labels', 'masks'),
    )

    def __call__(self, image: NDArray[np.float32]) -> Found:
        """Detect objects.

        Args:
            image: Pixels from 0 to 255 of one image as the test pipeline
                gives it, not padded, shape (3, H, W).

        Returns:
            What was found.

        Raises:
            InputError: The file takes images of another size only, ONNX
                Runtime fails, or an output has another shape or type.
        """
        for side, only in zip(image.shape[1:], self._shape[2:], strict=True):
            if isinstance(only, int) and side != only:
                raise InputError(
                    f'image: expected {self._shape[2]} x {self._shape[3]} '
                    'pixels (height x width), which is all that this file '
                    f'takes, found {image.shape[1]} x {image.shape[2]}. '
                    'Export it again without --input-size.'
                )
        found = Found(*self._run(image[None]))
        count = len(found.scores) if np.ndim(found.scores) else 0
        _require(self.path, 'boxes', found.boxes, 'f', (count, 4))
        _require(self.path, 'scores', found.scores, 'f', (count,))
        _require(self.path, 'labels', found.labels, 'i', (count,))
        if found.masks is not None:
            shape = (count, None, None)
            _require(self.path, 'masks', found.masks, 'f', shape)
        return found


def _require(
    path: str | Path,
    name: str,
    values: Any,
    kind: str,
    shape: tuple[int | None, ...],
) -> None:
    """Refuse an output of another shape, None being any, or type."""
    kinds = {'f': 'floats', 'i': 'whole numbers'}
    if (
        isinstance(values, np.ndarray)
        and values.dtype.kind == kind
        and values.ndim == len(shape)
        and all(
            only in (None, side)
            for side, only in zip(values.shape, shape, strict=True)
        )
    ):
        return
    expected = ', '.join('any' if n is None else str(n) for n in shape)
    raise InputError(
        f'model {path}: expected {kinds[kind]} of shape ({expected}) in the '
        f'output {name}, found {getattr(values, "dtype", type(values))} of '
        f'shape {np.shape(values)}. Export it again.'
    )
