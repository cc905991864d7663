"""An ONNX file in the place of a model: what it has, and what it answers."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np
import torch
from mmdet.models.roi_heads.mask_heads.fcn_mask_head import _do_paste_mask
from mmengine.config import Config
from mmengine.structures import BaseDataElement, InstanceData

from mmvision_ext.deployment.graph_file import graph_metadata, read_graph
from mmvision_ext.deployment.session import (
    Found,
    OnnxClassifier,
    OnnxDetector,
)
from mmvision_ext.utils import InputError

from .exported_metadata import (
    SCOPES,
    ExportedInfo,
    ExportedTask,
    read_info,
    read_task,
)


class ExportedModel(ABC):
    """An exported model that is asked like a model of mmengine.

    Args:
        session: The file.
        info: What it says of itself.

    Attributes:
        cfg: The test pipeline, in the place where a config has it.
        dataset_meta: ``classes``, and what else is known of them.
    """

    def __init__(self, session: Any, info: ExportedInfo) -> None:
        self.cfg = Config(
            dict(
                default_scope=SCOPES[info.task],
                test_dataloader=dict(dataset=dict(pipeline=info.steps)),
            )
        )
        self.dataset_meta = info.dataset_meta | dict(classes=info.classes)
        self._session = session
        self._info = info

    @abstractmethod
    def test_step(self, data: Mapping[str, Any]) -> list[BaseDataElement]:
        """Predict.

        Args:
            data: ``inputs``, images from the test pipeline, each (C, H, W),
                and ``data_samples``, one for each.

        Returns:
            The data samples with what was predicted.
        """


class ExportedClassifier(ExportedModel):
    """A classifier or attribute model; fills ``pred_score``."""

    def test_step(self, data: Mapping[str, Any]) -> list[BaseDataElement]:
        """Score images.

        Args:
            data: ``inputs``, images from the test pipeline, each (C, H, W),
                and ``data_samples``, one for each.

        Returns:
            The data samples with ``pred_score``, probabilities (classes,).

        Raises:
            InputError: The images are not of the size that the file takes,
                or it cannot be run, or gives other scores.
        """
        images = [_pixels(image) for image in data['inputs']]
        expected = list(self._info.input_size or ())
        for image in images:
            if list(image.shape[1:]) != expected:
                raise InputError(
                    f'image: expected {expected} (height, width) from the '
                    f'test pipeline, found {list(image.shape[1:])}. Export '
                    'without --input-size.'
                )
        size = self._session.batch_size or len(images)
        scores = np.concatenate(
            [
                self._run(images[start : start + size], size)
                for start in range(0, len(images), size)
            ]
        )
        if scores.shape[1] != len(self._info.classes):
            raise InputError(
                f'model {self._session.path}: expected a score for each of '
                f'the {len(self._info.classes)} classes in its metadata, '
                f'found {scores.shape[1]} scores. Export it again.'
            )
        for sample, row in zip(data['data_samples'], scores, strict=True):
            sample.set_field(torch.from_numpy(row), 'pred_score')
        return data['data_samples']

    def _run(self, images: Sequence[Any], size: int) -> Any:
        """Probabilities of the images, of which the last are repeated."""
        filled = [*images, *[images[-1]] * (size - len(images))]
        return self._session(np.stack(filled))[: len(images)]


class ExportedDetector(ExportedModel):
    """A detector; fills ``pred_instances``."""

    def test_step(self, data: Mapping[str, Any]) -> list[BaseDataElement]:
        """Detect objects.

        Args:
            data: ``inputs``, images from the test pipeline, each (C, H, W),
                and ``data_samples``, one for each.

        Returns:
            The data samples with ``pred_instances``: ``bboxes`` (N, 4) in
            pixels of the original image, ``scores`` (N,), ``labels`` (N,)
            and, with masks, ``masks`` (N, height, width), bool.

        Raises:
            InputError: An image is not of the size that the file takes, or
                the file cannot be run, or finds classes that it has no name
                of.
        """
        samples = list(data['data_samples'])
        for image, sample in zip(data['inputs'], samples, strict=True):
            sample.pred_instances = self._instances(
                self._session(_pixels(image)), sample
            )
        return samples

    def _instances(self, found: Found, sample: BaseDataElement) -> Any:
        count = len(self._info.classes)
        if len(found.labels) and not (
            0 <= found.labels.min() and found.labels.max() < count
        ):
            raise InputError(
                f'model {self._session.path}: expected labels from 0 to '
                f'{count - 1}, for the {count} classes in its metadata, found '
                f'{found.labels.min()} to {found.labels.max()}. Export it '
                'again.'
            )
        if 'scale_factor' not in sample or 'ori_shape' not in sample:
            raise InputError(
                f'model {self._session.path}: expected scale_factor and '
                'ori_shape from its pipeline, found that PackDetInputs leaves '
                'them out. Export it again.'
            )
        scale = torch.tensor(tuple(sample.scale_factor) * 2)
        boxes = torch.from_numpy(found.boxes) / scale
        instances = InstanceData(
            bboxes=boxes,
            scores=torch.from_numpy(found.scores),
            labels=torch.from_numpy(found.labels),
        )
        if found.masks is not None:
            instances.masks = paste_masks(
                torch.from_numpy(found.masks),
                boxes,
                sample.ori_shape,
                self._info.mask_threshold or 0.0,
            )
        return instances


def is_exported(config: object) -> TypeGuard[str | Path]:
    """Whether the place of a config is taken by an exported file.

    Args:
        config: What the caller gave.

    Returns:
        True for the name of an ONNX file.
    """
    return (
        isinstance(config, (str, Path))
        and Path(config).suffix.lower() == '.onnx'
    )


def exported_task(path: str | Path) -> ExportedTask:
    """What the model of an exported file does; the file is not run.

    Args:
        path: The file.

    Returns:
        ``'detection'``, ``'classification'`` or ``'attributes'``.

    Raises:
        InputError: The file cannot be used.
    """
    return read_task(graph_metadata(read_graph(path), path), path)


def load_model(
    config: str | Path | Config,
    checkpoint: str | Path | None,
    device: str | None,
    trust_checkpoint: bool,
    task: ExportedTask,
    load: Callable[..., Any],
) -> Any:
    """Load a model from a config and a checkpoint, or an exported file.

    Args:
        config: Config file, name of a config, config, or exported file.
        checkpoint: File or address of the weights, see ``load``; None with
            an exported file.
        device: Such as ``'cuda:0'``; None or ``'cpu'`` with an exported file.
        trust_checkpoint: Whether code that the checkpoint holds is run.
        task: What an exported model has to do.
        load: Loads a model from the others.

    Returns:
        What ``load`` gives, or an exported model, which has ``cfg``,
        ``dataset_meta`` and ``test_step`` as well.

    Raises:
        InputError: See ``load``; or the exported file cannot be used.
    """
    if not is_exported(config):
        return load(config, checkpoint, device, trust_checkpoint)
    if checkpoint is not None:
        raise InputError(
            f'checkpoint: expected none beside the exported file {config}, '
            f'which has its weights, found {checkpoint}. mmvision predict '
            "takes '-' in its place."
        )
    if device not in (None, 'cpu'):
        raise InputError(
            f'device: expected cpu for the exported file {config}, found '
            f'{device}.'
        )
    return load_exported(config, task)


def load_exported(path: str | Path, task: ExportedTask) -> ExportedModel:
    """Load an exported file.

    Args:
        path: The file.
        task: What its model has to do.

    Returns:
        The model.

    Raises:
        InputError: The file cannot be used, or is of another task.
    """
    graph = read_graph(path)
    metadata = graph_metadata(graph, path)
    found = read_task(metadata, path)
    if found != task:
        raise InputError(
            f'model {path}: expected one of {task}, found one of {found}. '
            'load_inferencer takes them all.'
        )
    detects = task == 'detection'
    run = OnnxDetector if detects else OnnxClassifier
    session = run(path, graph=graph)
    made = ExportedDetector if detects else ExportedClassifier
    return made(session, read_info(metadata, path))


def paste_masks(
    masks: torch.Tensor,
    boxes: torch.Tensor,
    shape: tuple[int, int],
    threshold: float,
) -> torch.Tensor:
    """Put masks of boxes into the image, as mmdet does.

    Args:
        masks: Probabilities inside of each box, (N, side, side).
        boxes: x1, y1, x2, y2 in pixels of the image, (N, 4).
        shape: Height and width of the image in pixels.
        threshold: Probability from which a pixel belongs to the mask.

    Returns:
        (N, height, width), bool.
    """
    height, width = shape
    pasted = torch.zeros(len(masks), height, width, dtype=torch.bool)
    for whole, mask, box in zip(pasted, masks, boxes, strict=True):
        part, (rows, columns) = _do_paste_mask(
            mask[None, None], box[None], height, width
        )
        whole[rows, columns] = part[0] >= threshold
    return pasted


def _pixels(image: torch.Tensor) -> Any:
    """An image (C, H, W) as the file takes it, float32."""
    return image.float().numpy()
