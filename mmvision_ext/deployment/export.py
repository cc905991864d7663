"""A classifier or attribute model as one ONNX file, from pixels to scores."""

import json
import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmpretrain.models import MultiLabelClsHead
from numpy.typing import NDArray
from torch import nn

from mmvision_ext.apis.model import Classifier, load_classifier
from mmvision_ext.utils import InputError, reason_of
from mmvision_ext.utils.config.dataset_configs import loads_from_files

from .images import ImageBatches, ImageShape, check_size
from .metadata import describe_model
from .packages import need
from .session import OnnxClassifier

INPUT, OUTPUTS = 'image', ('probabilities', 'logits')


@dataclass(frozen=True)
class CheckRow:
    """How far an ONNX file is from PyTorch for one batch.

    Attributes:
        batch_size: Number of images.
        max_error: Largest absolute difference of a probability.
        max_logit_error: Largest absolute difference of a logit, over the
            largest logit. Where a model is sure of its class, probabilities
            are 0 and 1 whatever the logits; these still tell.
        same: Number of images with the same most probable class, or the same
            attributes above 0.5.
    """

    batch_size: int
    max_error: float
    max_logit_error: float
    same: int


class PixelsToProbabilities(nn.Module):
    """Channel order, normalisation, network and scores in one module.

    Args:
        model: A classifier, whose scores are a softmax, or a model of
            attributes, whose scores are sigmoids.
    """

    def __init__(self, model: Classifier) -> None:
        super().__init__()
        self.model = model
        self.several = has_attributes(model)

    def forward(
        self, image: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Classify images.

        Args:
            image: Pixels from 0 to 255 in the channel order of the dataset,
                shape (N, C, H, W), float32.

        Returns:
            Probability of each class or attribute, and the logits that it
            is made from, both of shape (N, number of classes).
        """
        data = self.model.data_preprocessor({'inputs': image}, False)
        logits = self.model(data['inputs'])
        if self.several:
            return logits.sigmoid(), logits
        return logits.softmax(dim=1), logits


def has_attributes(model: nn.Module) -> bool:
    """Whether a model gives several answers an image.

    Args:
        model: A classifier.

    Returns:
        True for a head of attributes, or of several classes an image.
    """
    return isinstance(getattr(model, 'head', None), MultiLabelClsHead)


def export_onnx(
    model: Classifier,
    path: str | Path,
    image_shape: ImageShape,
    metadata: dict[str, str],
    batch_size: int | None = None,
) -> Path:
    """Write a classifier as an ONNX file.

    Args:
        model: A classifier on the CPU in evaluation mode.
        path: File to write; its folder is made where missing.
        image_shape: (C, H, W) of one image after the test pipeline.
        metadata: What the file is to say of itself.
        batch_size: The only batch size that the file takes; None lets it
            take any.

    Returns:
        The file.

    Raises:
        InputError: PyTorch cannot export it.
    """
    for package in ('onnx', 'onnxscript'):
        need(package)
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    any_size = {INPUT: {0: torch.export.Dim('batch')}}
    example = torch.zeros(batch_size or 2, *image_shape)
    try:
        with quiet_exporter(), torch.no_grad():
            # Left to itself torch.onnx.export writes a file for the batch
            # size of the example, without a word, where it has to.
            traced = torch.export.export(
                PixelsToProbabilities(model).eval(),
                (example,),
                dynamic_shapes=None if batch_size else any_size,
                strict=False,
            )
            program: Any = torch.onnx.export(
                traced,
                dynamo=True,
                input_names=[INPUT],
                output_names=list(OUTPUTS),
                verbose=False,
            )
    except Exception as error:  # the exporter raises many kinds
        raise InputError(
            'model: expected one that torch.onnx.export can trace, found '
            f'{type(error).__name__}: {reason_of(error)} '
            'Where the code of the model fixes the batch size, as that of '
            "mmpretrain's Swin does, export for one size: --batch-size 1."
        ) from error
    program.model.metadata_props.update(metadata)
    program.save(path)
    return path


def export_and_check(
    config: Config,
    checkpoint: str | Path,
    path: str | Path,
    batch_sizes: Sequence[int],
    input_size: tuple[int, int] | None = None,
    batch_size: int | None = None,
) -> list[CheckRow]:
    """Export the classifier of a config and compare it with PyTorch.

    Args:
        config: Classification config.
        checkpoint: File of the weights.
        path: ONNX file to write.
        batch_sizes: Sizes of the batches to compare.
        input_size: Height and width of random images to compare on; None
            takes the size and the images of the test set.
        batch_size: The only batch size that the file takes and is compared
            at; None lets it take any.

    Returns:
        One row a batch size, for :func:`require_close`.

    Raises:
        InputError: A file or package is missing, the weights do not fit, or
            PyTorch cannot export the model.
    """
    check_size(input_size)
    if batch_size is not None:
        batch_sizes = [batch_size]
    if min(batch_sizes) < 1:
        raise InputError(
            f'batch sizes: expected at least 1, found {list(batch_sizes)}.'
        )
    model = load_classifier(config, checkpoint, 'cpu')
    count = max(batch_sizes)
    if input_size is None:
        test = ImageBatches(config, 'test', count, labelled=False)
        images = next(iter(test)).images
        if len(images) < count:
            raise InputError(
                f'batch sizes: expected at most {len(images)}, the number of '
                f'test images, found {count}.'
            )
    else:
        images = random_images(count, (3, *input_size))
    export_onnx(
        model,
        path,
        images.shape[1:],
        describe(model, checkpoint, images.shape[1:]),
        batch_size,
    )
    return check_onnx(model, path, images, batch_sizes)


def describe(
    model: Classifier,
    checkpoint: str | Path,
    image_shape: ImageShape,
) -> dict[str, str]:
    """Say what an exported file needs and where it comes from.

    Args:
        model: A classifier from ``load_classifier``.
        checkpoint: File of its weights.
        image_shape: (C, H, W) of one image after the test pipeline.

    Returns:
        What :func:`~mmvision_ext.deployment.metadata.describe_model` gives,
        and ``input_size`` (JSON, [height, width]) and ``scores``
        (``softmax`` or ``sigmoid``).

    Raises:
        InputError: The test pipeline has a step that cannot be stored.
    """
    preprocessor = model.data_preprocessor
    is_bgr = getattr(preprocessor, 'to_rgb', False) or loads_from_files(
        model.cfg
    )
    several = has_attributes(model)
    task = 'attributes' if several else 'classification'
    order = 'BGR' if is_bgr else 'RGB'
    return describe_model(model, checkpoint, task, order) | {
        'input_size': json.dumps(list(image_shape[1:])),
        'scores': 'sigmoid' if several else 'softmax',
    }


def check_onnx(
    model: Classifier,
    path: str | Path,
    images: NDArray[np.float32],
    batch_sizes: Sequence[int],
) -> list[CheckRow]:
    """Compare an ONNX file with the model that it was made from.

    The reference is ``model.test_step`` on a list of images: mmpretrain's
    own way from pixels to scores.

    Args:
        model: A classifier on the CPU in evaluation mode.
        path: The ONNX file.
        images: Pixels from 0 to 255, shape (N, C, H, W).
        batch_sizes: Sizes of the batches to compare; N has to be enough for
            the largest.

    Returns:
        One row a batch size.

    Raises:
        InputError: ONNX Runtime cannot load the file, or it takes other
            images.
    """
    session = OnnxClassifier(path)
    rows = []
    for size in batch_sizes:
        batch = images[:size]
        data = {'inputs': list(torch.tensor(batch))}
        with torch.no_grad():
            samples = model.test_step(data)
            logits = model(model.data_preprocessor(data, False)['inputs'])
        expected = torch.stack([item.pred_score for item in samples]).numpy()
        found = session(batch)
        error = np.abs(session(batch, 'logits') - logits.numpy()).max()
        rows.append(
            CheckRow(
                len(batch),
                float(np.abs(found - expected).max()),
                float(error / np.abs(logits.numpy()).max()),
                int(_same(found, expected, has_attributes(model)).sum()),
            )
        )
    return rows


def _same(
    found: NDArray[np.float32], expected: NDArray[np.float32], several: bool
) -> NDArray[np.bool_]:
    """Images with the same answer, (N,)."""
    if several:
        return ((found > 0.5) == (expected > 0.5)).all(1)
    return found.argmax(1) == expected.argmax(1)


def require_close(rows: Sequence[CheckRow], tolerance: float) -> None:
    """Refuse an export that is too far from PyTorch.

    Args:
        rows: What :func:`check_onnx` found.
        tolerance: Largest difference of a probability, and of a logit over
            the largest logit, that is allowed.

    Raises:
        InputError: A difference is larger, or not a number.
    """
    for row in rows:
        # Written so that NaN fails.
        if row.max_error <= tolerance and row.max_logit_error <= tolerance:
            continue
        raise InputError(
            f'export: expected probabilities and logits within {tolerance:g} '
            f'of PyTorch, found {row.max_error:.3g} and '
            f'{row.max_logit_error:.3g} (of the largest logit) at batch size '
            f'{row.batch_size}. The file does not compute what the '
            'checkpoint does: export it again.'
        )


def random_images(count: int, image_shape: ImageShape) -> NDArray[np.float32]:
    """Make images of random pixels, the same whenever it is called.

    Args:
        count: Number of images, N.
        image_shape: (C, H, W).

    Returns:
        Whole numbers from 0 to 255, shape (N, C, H, W).
    """
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (count, *image_shape)).astype(np.float32)


@contextmanager
def quiet_exporter() -> Iterator[None]:
    """Without the exporter's remarks about its own workings.

    Yields:
        Nothing.
    """
    loggers = [
        logging.getLogger(name) for name in ('torch.onnx', 'onnxscript')
    ]
    levels = [logger.level for logger in loggers]
    try:
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
