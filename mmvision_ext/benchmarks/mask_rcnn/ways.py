"""Ways of running one Mask R-CNN, each built on the one before."""

import copy
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from mmdet.structures import DetDataSample
from torch import Tensor
from torch._inductor import config as inductor
from torch.utils._pytree import tree_map
from torchvision.models.detection import MaskRCNN

from mmvision_ext.apis.exported_model import paste_masks
from mmvision_ext.deployment.detector_export import export_detector
from mmvision_ext.deployment.detector_graph import TwoStageGraph
from mmvision_ext.deployment.session import OnnxDetector

EAGER = 'MMDetection, eager'
_THRESHOLD = 0.5  # probability from which a pixel belongs to a mask


class Found(NamedTuple):
    """What a model finds in one image.

    Attributes:
        boxes: Shape (N, 4), ``[x1, y1, x2, y2]`` in pixels.
        scores: Shape (N,), falling.
        labels: Classes from 0, shape (N,), int64.
        masks: Shape (N, H, W), bool.
    """

    boxes: Tensor
    scores: Tensor
    labels: Tensor
    masks: Tensor


Way = Callable[[], Found]


def run_peer(model: MaskRCNN, image: Tensor) -> Way:
    """Run torchvision's model as its documentation does.

    Args:
        model: In evaluation mode.
        image: RGB, uint8, shape (3, H, W).

    Returns:
        What runs it, from the image to masks of its size.
    """

    @torch.no_grad()
    def run() -> Found:
        found = model([image / 255])[0]
        masks = found['masks'][:, 0] >= _THRESHOLD
        labels = found['labels'] - 1
        return Found(found['boxes'], found['scores'], labels, masks)

    return run


def build_ways(model: Any, image: Tensor) -> dict[str, Way]:
    """Make our model faster, step by step.

    Args:
        model: Of MMDetection, in evaluation mode; it is copied.
        image: RGB, uint8, shape (3, H, W).

    Returns:
        Name of the step to what runs the model so, from the image to masks
        of its size.
    """
    copies: list[Any] = [copy.deepcopy(model) for _ in range(5)]
    plain, laid_out, compiled, half_masks, half = copies
    for faster in (laid_out, compiled, half_masks, half):
        faster.to(memory_format=torch.channels_last)
    _compile(compiled)
    _compile(half, torch.bfloat16)
    half_masks.extract_feat = compiled.extract_feat
    half_masks.rpn_head = compiled.rpn_head
    for head in (
        half_masks.roi_head.mask_head,
        half.roi_head.mask_head,
        half.roi_head.bbox_head,
    ):
        head.forward = _in_precision(head.forward, torch.bfloat16)
    return {
        EAGER: _run(plain, image, torch.no_grad),
        '+ inference_mode': _run(plain, image, torch.inference_mode),
        '+ channels_last': _run(laid_out, image, torch.inference_mode),
        '+ torch.compile': _run(compiled, image, torch.no_grad),
        '+ without data samples': _run_graph(compiled, image),
        # Boxes and scores do not depend on the masks.
        '+ masks in bfloat16': _run_graph(half_masks, image),
        '+ all in bfloat16': _run_graph(half, image),
    }


def run_exported(model: Any, image: Tensor, path: Path) -> Way:
    """Export our model for images of one size and run it by ONNX Runtime.

    Args:
        model: Of MMDetection, in evaluation mode.
        image: RGB, uint8, shape (3, H, W).
        path: ONNX file to write.

    Returns:
        What runs it on one thread, from the image to masks of its size.
    """
    height, width = image.shape[1:]
    export_detector(model, path, {}, input_size=(height, width))
    session = OnnxDetector(path, threads=1)

    def run() -> Found:
        found = session(image.flip(0).float().numpy())
        parts = (found.boxes, found.scores, found.labels, found.masks)
        return _paste([torch.from_numpy(part) for part in parts], image)

    return run


def _run_graph(model: Any, image: Tensor) -> Way:
    """Run our model as the chain of operations that is exported."""
    graph = TwoStageGraph(model).eval()

    @torch.no_grad()
    def run() -> Found:
        return _paste(graph(image.flip(0).float()[None]), image)

    return run


def _paste(parts: Sequence[Tensor], image: Tensor) -> Found:
    """Put masks of boxes, (N, 28, 28), into the image."""
    boxes, scores, labels, masks = parts
    height, width = image.shape[1:]
    pasted = paste_masks(masks, boxes, (height, width), _THRESHOLD)
    return Found(boxes, scores, labels, pasted)


def _run(model: Any, image: Tensor, mode: Callable[[], Any]) -> Way:
    """Run a model of MMDetection as its inferencer does."""
    size = tuple(image.shape[1:])
    meta = dict(img_shape=size, ori_shape=size, scale_factor=(1.0, 1.0))

    def run() -> Found:
        sample = DetDataSample(metainfo=meta)
        data = dict(inputs=[image.flip(0)], data_samples=[sample])
        with mode():
            found = model.test_step(data)[0].pred_instances
        return Found(found.bboxes, found.scores, found.labels, found.masks)

    return run


def _compile(model: Any, dtype: torch.dtype = torch.float32) -> None:
    """Compile what sees the image as a whole: backbone, neck and RPN head.

    Their weights become constants, into which batch normalisation is folded.
    """
    for part, name in ((model, 'extract_feat'), (model.rpn_head, 'forward')):
        forward = _in_precision(getattr(part, name), dtype)
        setattr(part, name, _freeze(torch.compile(forward)))


def _freeze(compiled: Callable) -> Callable:
    """Let the compiler know, when it is first called, that weights stay."""

    def run(inputs: Any) -> Any:
        with inductor.patch(freezing=True):
            return compiled(inputs)

    return run


def _in_precision(forward: Callable, dtype: torch.dtype) -> Callable:
    """Compute layers in a precision, and what comes out in float32."""
    if dtype == torch.float32:
        return forward

    def run(inputs: Any) -> Any:
        with torch.autocast('cpu', dtype):
            outputs = forward(inputs)
        return tree_map(lambda value: value.float(), outputs)

    return run
