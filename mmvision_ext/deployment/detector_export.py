"""A two-stage detector as one ONNX file, from pixels to detections."""

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch
from mmengine.config import Config

from mmvision_ext.apis.model import Detector, load_detector
from mmvision_ext.apis.sources import ImageInput
from mmvision_ext.utils import InputError, reason_of

from .detector_check import (
    DetectionRow,
    check_detector,
    pick_images,
    with_other_shape,
)
from .detector_graph import TwoStageGraph
from .export import quiet_exporter
from .images import check_size
from .metadata import describe_model
from .packages import need

INPUT = 'image'
OUTPUTS = ('boxes', 'scores', 'labels', 'masks')
OPSET = 17  # RoiAlign of opset 16 is the first that is aligned
EXAMPLE_SIZE = (320, 416)  # of a traced image, where any will do


def export_detector(
    model: Detector,
    path: str | Path,
    metadata: dict[str, str],
    input_size: tuple[int, int] | None = None,
) -> Path:
    """Write a detector as an ONNX file.

    Args:
        model: A Faster or Mask R-CNN of mmdet on the CPU in evaluation mode.
        path: File to write; its folder is made where missing.
        metadata: What the file is to say of itself.
        input_size: Height and width of the only images that the file takes;
            None lets it take any.

    Returns:
        The file.

    Raises:
        InputError: The model has a part that cannot be exported.
    """
    onnx = need('onnx')
    graph = TwoStageGraph(model).eval()
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    outputs = OUTPUTS if graph.settings.has_masks else OUTPUTS[:3]
    free: dict[str, dict[int, str]] = {
        name: {0: 'detections'} for name in outputs
    }
    if input_size is None:
        free[INPUT] = {2: 'height', 3: 'width'}
    example = torch.zeros(1, 3, *(input_size or EXAMPLE_SIZE))
    try:
        with quiet_exporter(), _silence(), torch.no_grad():
            # By tracing: torch.export takes ten times as long here, and
            # minutes where the size of the image is free.
            torch.onnx.export(
                graph,
                (example,),
                str(path),
                dynamo=False,
                opset_version=OPSET,
                input_names=[INPUT],
                output_names=list(outputs),
                dynamic_axes=free,
            )
    except InputError:
        raise
    except Exception as error:  # the exporter raises many kinds
        raise InputError(
            'model: expected one of operations that torch.onnx.export knows, '
            f'found {type(error).__name__}: {reason_of(error)}'
        ) from error
    content = onnx.load(path)
    onnx.helper.set_model_props(content, metadata)
    onnx.save(content, path)
    return path


def describe_detector(
    model: Detector,
    checkpoint: str | Path,
    input_size: tuple[int, int] | None = None,
) -> dict[str, str]:
    """Say what an exported file needs and where it comes from.

    Args:
        model: A detector from ``load_detector``.
        checkpoint: File of its weights.
        input_size: Height and width of the only images that the file takes.

    Returns:
        What :func:`~mmvision_ext.deployment.metadata.describe_model` gives,
        and ``input_size`` (JSON, [height, width], or null) and
        ``mask_threshold`` (probability from which a pixel belongs to a mask).

    Raises:
        InputError: The test pipeline has a step that cannot be stored, or
            the model a part that cannot be exported.
    """
    threshold = TwoStageGraph(model).settings.mask_threshold
    return describe_model(model, checkpoint, 'detection', 'BGR') | {
        'input_size': json.dumps(input_size),
        'mask_threshold': str(threshold),
    }


def export_and_check_detector(
    config: Config,
    checkpoint: str | Path,
    path: str | Path,
    input_size: tuple[int, int] | None = None,
    images: ImageInput | Sequence[ImageInput] | None = None,
) -> list[DetectionRow]:
    """Export the detector of a config and compare it with PyTorch.

    Args:
        config: Detection config.
        checkpoint: File of the weights.
        path: ONNX file to write.
        input_size: Height and width of the only images that the file takes;
            None lets it take any.
        images: Images to compare on; None takes some of the test set, of
            differing shape. Where all have one shape and the file takes any,
            a part of one is added.

    Returns:
        One row an image, for
        :func:`~mmvision_ext.deployment.detector_check.require_same`.

    Raises:
        InputError: A file or package is missing, the weights do not fit, or
            the model cannot be exported.
    """
    need('onnxruntime')
    check_size(input_size)
    model = load_detector(config, checkpoint, 'cpu')
    metadata = describe_detector(model, checkpoint, input_size)
    if images is None:
        images = pick_images(model.cfg)
    if input_size is None:
        images = with_other_shape(images)
    export_detector(model, path, metadata, input_size)
    return check_detector(model, path, images)


@contextmanager
def _silence() -> Iterator[None]:
    """Without the graph that the exporter prints, from C++, when it fails."""
    sys.stdout.flush()
    before = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        yield
    finally:
        sys.stdout.flush()
        os.dup2(before, 1)
        os.close(before)
        os.close(nowhere)
