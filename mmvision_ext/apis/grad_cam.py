"""Where a classifier looks: Grad-CAM (Selvaraju et al., ICCV 2017).

The gradient of a class's score with respect to the maps of a layer, averaged
over positions, weights these maps; what remains positive in their sum speaks
for the class.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from mmengine.dataset import default_collate
from numpy.typing import NDArray
from torch import nn

from mmvision_ext.utils import InputError
from mmvision_ext.visualization.draw import Picture

from .classification_input import ClassifierInput
from .classification_layers import Recorder, last_tensor
from .model import Classifier
from .sources import ImageSource

MAX_EXTRA_TOKENS = 5  # a class token and four registers


@dataclass(frozen=True)
class CamResult:
    """What speaks for a class in one image.

    Attributes:
        source: The image.
        image: The part of it that the network saw, RGB, shape (H, W, 3),
            uint8.
        heat: How much each of its pixels speaks for ``target``, from 0 to 1,
            the largest being 1, shape (H, W), float32; all 0 where nothing
            does.
        probabilities: Of all classes, shape (C,), float32.
        target: Index of the class that is explained.
        layer: Dotted name of the layer that was looked at.
    """

    source: ImageSource
    image: Picture
    heat: NDArray[np.float32]
    probabilities: NDArray[np.float32]
    target: int
    layer: str

    @property
    def predicted(self) -> int:
        """Index of the most probable class."""
        return int(self.probabilities.argmax())


class GradCam:
    """Explain what a classifier says of images.

    Args:
        model: A classifier from
            :func:`~mmvision_ext.apis.model.load_classifier`.
        layer: Dotted name of the layer to look at. None takes, with the first
            image, the last one that has positions and on which the score
            depends at them: of convolutional networks and Swin the output of
            the backbone, of vision transformers with a class token the first
            normalisation of the last block.

    Raises:
        InputError: There is no such layer.
    """

    def __init__(self, model: Classifier, layer: str | None = None) -> None:
        self.model = model
        self.layer = layer
        self._input = ClassifierInput(model.cfg)
        if layer is not None:
            Recorder(model, [layer])  # checks the name

    def __call__(
        self, source: ImageSource, target: int | None = None
    ) -> CamResult:
        """Explain one image.

        Args:
            source: The image.
            target: Index of the class to explain; None takes the predicted
                one.

        Returns:
            The image as the network saw it, and what speaks for the class.

        Raises:
            InputError: The image cannot be read, the layer has no positions,
                or the model has no scores of the form (N, C).
        """
        return self.explain(source, self.prepare(source), target)

    def explain(
        self,
        source: ImageSource,
        packed: dict[str, Any],
        target: int | None = None,
    ) -> CamResult:
        """Explain an image that is prepared already.

        Args:
            source: The image.
            packed: What :meth:`prepare` made of it.
            target: Index of the class to explain; None takes the predicted
                one.

        Returns:
            The image as the network saw it, and what speaks for the class.

        Raises:
            InputError: The layer has no positions, or the model has no
                scores of the form (N, C).
        """
        batch = self.model.data_preprocessor(default_collate([packed]), False)
        inputs = batch['inputs']
        with torch.no_grad():
            (sample,) = self.model(
                inputs, batch['data_samples'], mode='predict'
            )
        probabilities = sample.pred_score.float().cpu().numpy()
        if target is None:
            target = int(probabilities.argmax())
        if self.layer is None:
            self.layer = default_layer(self.model, inputs, target)
        heat = class_activation(self.model, inputs, self.layer, target)
        image = _as_picture(packed['inputs'], self._input.loads)
        return CamResult(
            source,
            image,
            _scaled(heat, inputs.shape[2:])[: len(image), : image.shape[1]],
            probabilities,
            target,
            self.layer,
        )

    def prepare(self, source: ImageSource) -> dict[str, Any]:
        """Send an image through the test pipeline.

        Args:
            source: The image.

        Returns:
            ``inputs``, shape (C, H, W), not normalised yet, and
            ``data_samples``.

        Raises:
            InputError: The image cannot be read.
        """
        return self._input.prepare(source)


def class_activation(
    model: nn.Module, inputs: torch.Tensor, layer: str, target: int
) -> torch.Tensor:
    """Grad-CAM of one class at one layer.

    Args:
        model: A classifier in evaluation mode whose ``mode='tensor'`` gives
            scores before the softmax, shape (1, C).
        inputs: One normalised image, shape (1, 3, H, W).
        layer: Dotted name of a layer that gives maps (1, D, h, w) or tokens
            (1, L, D).
        target: Index of the class.

    Returns:
        Shape (h, w), not negative, unscaled, on the CPU.

    Raises:
        InputError: The layer has no positions, or the model's scores have
            another form.
    """
    with Recorder(model, [layer]) as recorder, torch.enable_grad():
        score = _score(model, inputs, target)
        output = recorder.last(layer)
        maps = as_maps(output, inputs.shape[2:])
        if maps is None:
            raise InputError(
                f'layer {layer}: expected maps (1, D, h, w) or tokens '
                f'(1, L, D) of a grid, found shape {tuple(output.shape)}. '
                'Choose a layer nearer to the image.'
            )
        (gradient,) = torch.autograd.grad(score, output, allow_unused=True)
    if gradient is None:
        raise InputError(
            f'layer {layer}: expected the score of the class to depend on its '
            'output, found that it does not. Choose another layer.'
        )
    slopes = as_maps(gradient, inputs.shape[2:])
    assert slopes is not None  # the gradient has the shape of the output
    weights = slopes.mean(dim=(2, 3), keepdim=True)
    return (weights * maps).sum(dim=1)[0].clamp(min=0).detach().float().cpu()


def default_layer(model: nn.Module, inputs: torch.Tensor, target: int) -> str:
    """The last layer with positions on which a score depends at them.

    Args:
        model: A classifier in evaluation mode.
        inputs: One normalised image, shape (1, 3, H, W).
        target: Index of the class whose score is meant.

    Returns:
        Dotted name of the layer: any that gives maps, or a normalisation
        that gives tokens.

    Raises:
        InputError: There is no such layer.
    """
    part = 'backbone' if hasattr(model, 'backbone') else ''
    root = model.get_submodule(part)
    found: list[tuple[str, torch.Tensor]] = []
    handles = []
    for name, module in root.named_modules(prefix=part):

        def keep(
            module: nn.Module,
            _inputs: object,
            output: object,
            name: str = name,
        ) -> None:
            tensor = last_tensor(output)
            if tensor is not None and name and _has_positions(module, tensor):
                found.append((name, tensor))

        handles.append(module.register_forward_hook(keep))
    with torch.enable_grad():
        try:
            score = _score(model, inputs, target)
        finally:
            for handle in handles:
                handle.remove()
        candidates = [
            (name, tensor)
            for name, tensor in found
            if tensor.requires_grad
            and as_maps(tensor, inputs.shape[2:]) is not None
        ]
        slopes = torch.autograd.grad(
            score, [tensor for _, tensor in candidates], allow_unused=True
        )
    for (name, _), slope in zip(
        reversed(candidates), reversed(slopes), strict=True
    ):
        maps = None if slope is None else as_maps(slope, inputs.shape[2:])
        if maps is not None and maps.any():
            return name
    raise InputError(
        'layer: expected one that gives maps or tokens on which the class '
        f'depends, found none in {type(root).__name__}. Name one; '
        'print(model) shows them all.'
    )


def as_maps(
    output: torch.Tensor, image_size: Sequence[int]
) -> torch.Tensor | None:
    """A layer's output as maps.

    Args:
        output: Maps (N, D, h, w), or tokens (N, L, D) row by row, which up to
            five others (class token, registers) may precede.
        image_size: Height and width of the network's input, whose shape the
            grid of tokens has.

    Returns:
        Shape (N, D, h, w); None where the output has no more than one
        position or its tokens are of no such grid.
    """
    if output.ndim == 4:
        return output if output.shape[2] * output.shape[3] > 1 else None
    if output.ndim != 3:
        return None
    height, width = image_size
    for extra in range(MAX_EXTRA_TOKENS + 1):
        count = output.shape[1] - extra
        rows = round(math.sqrt(max(count, 0) * height / width))
        columns = count // rows if rows else 0
        if (
            count > 1
            and rows * columns == count
            and rows * width == columns * height
        ):
            grid = output[:, extra:].unflatten(1, (rows, columns))
            return grid.permute(0, 3, 1, 2)
    return None


def _has_positions(module: nn.Module, output: torch.Tensor) -> bool:
    """Maps of any layer; tokens of normalisations, since other layers of a
    block give queries, keys and hidden values in the same form."""
    if output.ndim == 4:
        return True
    return output.ndim == 3 and 'norm' in type(module).__name__.lower()


def _score(
    model: nn.Module, inputs: torch.Tensor, target: int
) -> torch.Tensor:
    """Score of the class before the softmax; a graph leads to the image."""
    scores = model(inputs.detach().clone().requires_grad_(), mode='tensor')
    if not isinstance(scores, torch.Tensor) or scores.ndim != 2:
        found = (
            tuple(scores.shape)
            if isinstance(scores, torch.Tensor)
            else type(scores).__name__
        )
        raise InputError(
            "model: expected mode='tensor' to give one score per class, "
            f'(1, C), found {found}. Grad-CAM needs a head of that kind.'
        )
    return scores[0, target]


def _scaled(heat: torch.Tensor, size: Sequence[int]) -> NDArray[np.float32]:
    """Heat (h, w) at the size of the image, with 1 as its largest value."""
    large = F.interpolate(heat[None, None], size=tuple(size), mode='bilinear')[
        0, 0
    ]
    peak = large.max()
    return (large / peak if peak > 0 else large).numpy()


def _as_picture(inputs: torch.Tensor, bgr: bool) -> Picture:
    """What the pipeline gave, (3 or 1, H, W), as RGB (H, W, 3) uint8."""
    image = inputs.permute(1, 2, 0).numpy()
    if image.dtype != np.uint8:  # the pipeline normalises
        low, high = image.min(), image.max()
        image = (255 * (image - low) / max(high - low, 1e-12)).astype(np.uint8)
    image = np.broadcast_to(image, (*image.shape[:2], 3))
    return np.ascontiguousarray(image[..., ::-1] if bgr else image)
