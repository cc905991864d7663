"""Run an ONNX file on the processor."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmvision_ext.utils import InputError

from .packages import need


class OnnxClassifier:
    """An exported classifier in ONNX Runtime.

    Args:
        path: File that :func:`~mmvision_ext.deployment.export.export_onnx`
            or :func:`~mmvision_ext.deployment.quantize.quantize_onnx` wrote.
        threads: Number of threads; None takes ONNX Runtime's choice.

    Raises:
        InputError: There is no such file, or ONNX Runtime cannot load it.
    """

    def __init__(self, path: str | Path, threads: int | None = None) -> None:
        if not Path(path).is_file():
            raise InputError(f'model: expected a file, found none at {path}.')
        runtime = need('onnxruntime')
        options = runtime.SessionOptions()
        options.log_severity_level = 3  # errors
        options.intra_op_num_threads = threads or 0
        # Waiting threads of one model would slow another one down.
        options.add_session_config_entry(
            'session.intra_op.allow_spinning', '0'
        )
        try:
            self._session: Any = runtime.InferenceSession(
                str(path), options, providers=['CPUExecutionProvider']
            )
        except Exception as error:  # ONNX Runtime raises many kinds
            raise InputError(
                f'model {path}: expected an ONNX file, found one that ONNX '
                f'Runtime cannot load ({error}). Export it again.'
            ) from error
        self._input = self._session.get_inputs()[0].name

    @property
    def metadata(self) -> dict[str, str]:
        """What the file says of itself; see ``export_onnx``."""
        return dict(self._session.get_modelmeta().custom_metadata_map)

    def __call__(
        self, images: NDArray[np.float32], output: str = 'probabilities'
    ) -> NDArray[np.float32]:
        """Classify images.

        Args:
            images: Pixels from 0 to 255, shape (N, C, H, W).
            output: ``'probabilities'`` or ``'logits'``.

        Returns:
            One value a class, shape (N, number of classes).
        """
        return self._session.run([output], {self._input: images})[0]
