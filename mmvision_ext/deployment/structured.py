"""Structured pruning: whole channels go, and what depends on them."""

import bisect
import copy
import json
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from mmengine.registry import MODELS
from torch import nn

from mmvision_ext.apis.model import Classifier
from mmvision_ext.registry import MODELS as OUR_MODELS
from mmvision_ext.utils import InputError

from .images import ImageShape
from .measure import count_multiply_adds
from .packages import need

#: Channels are left in multiples of this: kernels work on blocks of them.
CHANNEL_MULTIPLE = 8
#: Shares of channels that are tried on the way to a share of operations.
RATIO_STEPS = 64
#: Removed channels, one root layer after the other, as torch_pruning records
#: them: [name of the layer, whether its outputs are meant, their indices].
History = list[list[Any]]


class NothingPrunedError(InputError):
    """So few channels were to go that none did."""


def prune_channels(
    model: Classifier, image: torch.Tensor, ratio: float
) -> History:
    """Remove the channels with the smallest weights, in place.

    Layers that have to lose the same channels (a residual sum, a depthwise
    convolution and its BatchNorm) are found by tracing and judged together:
    DepGraph (Fang et al., CVPR 2023), as torch-pruning implements it, with
    the L2 norm. Every layer loses the same share, up to the rounding to
    :data:`CHANNEL_MULTIPLE`. The layer that gives the class scores keeps its
    outputs.

    Args:
        model: A classifier on the CPU in evaluation mode.
        image: Normalised input, shape (1, C, H, W).
        ratio: Share of the channels of every layer to remove, in (0, 1).

    Returns:
        What was removed, for :func:`replay`.

    Raises:
        InputError: The ratio cannot be used, or the architecture cannot be
            pruned by tracing.
    """
    _check_share('ratio', ratio)
    pruning = need('torch_pruning')
    num_classes = len(model.dataset_meta['classes'])
    class_layer = _class_layer(model, num_classes)
    with _traceable(model):
        pruner = pruning.pruner.BasePruner(
            model,
            image,
            importance=pruning.importance.GroupMagnitudeImportance(p=2),
            pruning_ratio=ratio,
            pruning_ratio_dict=_rounded_ratios(model, ratio),
            ignored_layers=[class_layer],
            forward_fn=_forward,
        )
        pruner.step()
    history = [
        [name, bool(outputs), [int(index) for index in indices]]
        for name, outputs, indices in pruner.pruning_history()
    ]
    if not history:
        raise NothingPrunedError(
            f'ratio: expected channels to be removed, found none at {ratio}: '
            f'every layer keeps a multiple of {CHANNEL_MULTIPLE}. Choose a '
            'larger share.'
        )
    _check_output(model, image, num_classes)
    return history


def ratio_for_flops(
    model: Classifier, image: torch.Tensor, target: float
) -> float:
    """Find how many channels have to go to save operations.

    Args:
        model: A classifier on the CPU in evaluation mode; not changed.
        image: Normalised input, shape (1, C, H, W).
        target: Share of the multiply-adds to keep, in (0, 1).

    Returns:
        The smallest ratio for :func:`prune_channels`, of 1/64, 2/64, ...,
        that leaves no more than that.

    Raises:
        InputError: The target cannot be reached, or the architecture cannot
            be pruned by tracing.
    """
    _check_share('target flops', target)
    before = count_multiply_adds(model, image)

    def share(step: int) -> float:
        smaller = copy.deepcopy(model)
        try:
            prune_channels(smaller, image, step / RATIO_STEPS)
        except NothingPrunedError:
            return 1.0
        return count_multiply_adds(smaller, image) / before

    least = share(RATIO_STEPS - 1)
    if least > target:
        raise InputError(
            f'target flops: expected a share that can be reached, found '
            f'{target}. Where every layer is down to {CHANNEL_MULTIPLE} '
            f'channels, {least:.3f} of the operations are left.'
        )
    steps = range(1, RATIO_STEPS - 1)
    found = bisect.bisect_left(
        steps, True, key=lambda step: share(step) <= target
    )
    return (found + 1) / RATIO_STEPS


def replay(model: nn.Module, image: torch.Tensor, history: History) -> None:
    """Remove the channels that another model of the architecture lost.

    Args:
        model: The unpruned architecture, with any weights; changed in place.
        image: Input, shape (1, C, H, W), any values.
        history: What :func:`prune_channels` returned.

    Raises:
        InputError: The history is of another architecture.
    """
    pruning = need('torch_pruning')
    with _traceable(model):
        graph = pruning.DependencyGraph().build_dependency(
            model, image, forward_fn=_forward
        )
        graph.load_pruning_history(history)
        _tell_head(model, image)


def save_history(
    history: History, image_shape: ImageShape, path: str | Path
) -> Path:
    """Write a history for :func:`build_pruned`.

    Args:
        history: What :func:`prune_channels` returned.
        image_shape: (C, H, W) of the image that it was made with.
        path: JSON file to write.

    Returns:
        The file.
    """
    content = dict(image_shape=list(image_shape), history=history)
    Path(path).write_text(json.dumps(content))
    return Path(path)


@OUR_MODELS.register_module(name='PrunedClassifier')
def build_pruned(
    classifier: dict,
    pruning: str,
    data_preprocessor: dict | None = None,
) -> nn.Module:
    """Build a classifier without the channels that pruning removed.

    Registered as ``mmvision_ext.PrunedClassifier``: a config that says so
    works with every tool, and its checkpoints are ordinary weights.

    Args:
        classifier: Config of the unpruned model.
        pruning: File that :func:`save_history` wrote.
        data_preprocessor: Config of the preprocessor where ``classifier``
            has none.

    Returns:
        The classifier itself, smaller.

    Raises:
        InputError: The file is missing, or of another architecture.
    """
    if not Path(pruning).is_file():
        raise InputError(
            f'model.pruning: expected the JSON file that prune.py wrote, '
            f'found none at {pruning}. Change the key where it was moved.'
        )
    content = json.loads(Path(pruning).read_text())
    if data_preprocessor is not None:
        classifier.setdefault('data_preprocessor', data_preprocessor)
    model = MODELS.build(classifier)
    model.eval()
    replay(model, torch.zeros(1, *content['image_shape']), content['history'])
    return model.train()


def _check_share(key: str, share: float) -> None:
    if not 0 < share < 1:
        raise InputError(
            f'{key}: expected a share between 0 and 1, found {share}.'
        )


def _rounded_ratios(model: nn.Module, ratio: float) -> dict[nn.Module, float]:
    """For every layer the share that leaves the nearest good count.

    torch_pruning's own rounding only goes down: of 32 channels it would
    leave 16 where 23 are asked for.
    """
    ratios: dict[nn.Module, float] = {}
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d):
            count = layer.out_channels
        elif isinstance(layer, nn.Linear):
            count = layer.out_features
        else:
            continue
        blocks = max(round(count * (1 - ratio) / CHANNEL_MULTIPLE), 1)
        kept = blocks * CHANNEL_MULTIPLE
        # torch_pruning cuts off decimals, hence the half.
        ratios[layer] = 1 - (kept + 0.5) / count if kept < count else 0.0
    return ratios


def _forward(model: nn.Module, image: torch.Tensor) -> torch.Tensor:
    """Forward pass with gradients everywhere, which the tracer follows.

    Backbones with frozen stages freeze them anew in ``model.eval()``, which
    the tracer calls.
    """
    return model.requires_grad_(True)(image)


def _class_layer(model: nn.Module, num_classes: int) -> nn.Module:
    """The last layer with as many outputs as there are classes."""
    layers = [
        layer
        for layer in model.modules()
        if (isinstance(layer, nn.Linear) and layer.out_features == num_classes)
        or (isinstance(layer, nn.Conv2d) and layer.out_channels == num_classes)
    ]
    if not layers:
        raise InputError(
            f'model: expected a linear layer or convolution with '
            f'{num_classes} outputs, one a class, found none. Use magnitude '
            'pruning.'
        )
    return layers[-1]


def _tell_head(model: nn.Module, image: torch.Tensor) -> None:
    """Set the head's own note of how many channels it is given.

    Heads compare it with what comes, and torch_pruning knows layers only.
    """

    def note(head: Any, inputs: tuple) -> None:
        features = inputs[0]
        if isinstance(features, (tuple, list)):
            features = features[-1]
        head.in_channels = features.shape[1]

    head = getattr(model, 'head', None)
    if head is None or not isinstance(getattr(head, 'in_channels', None), int):
        return
    handle = head.register_forward_pre_hook(note)
    try:
        with torch.no_grad():
            model(image)
    finally:
        handle.remove()


@contextmanager
def _traceable(model: nn.Module) -> Iterator[None]:
    """One error for what the tracer raises; frozen parameters stay so."""
    frozen = [
        name
        for name, value in model.named_parameters()
        if not value.requires_grad
    ]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            yield
    except InputError:
        raise
    except Exception as error:  # the tracer raises many kinds
        raise InputError(
            f'model: expected an architecture that torch-pruning can trace, '
            f'found {type(error).__name__} in {type(model).__name__}: '
            f'{error}. Use magnitude pruning, or the architecture that the '
            'pruning history was made with.'
        ) from error
    finally:
        for name in frozen:
            model.get_parameter(name).requires_grad_(False)


def _check_output(
    model: nn.Module, image: torch.Tensor, num_classes: int
) -> None:
    try:
        _tell_head(model, image)
        with torch.no_grad():
            shape = tuple(model(image).shape)
        fault = f'scores of shape {shape}'
    except RuntimeError as error:
        shape, fault = (), f'that it no longer runs ({error})'
    if shape != (1, num_classes):
        raise InputError(
            f'pruned model: expected scores of shape (1, {num_classes}), '
            f'found {fault}. This architecture fixes its channels in code: '
            'use magnitude pruning.'
        )
