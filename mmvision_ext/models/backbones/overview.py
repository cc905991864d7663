"""Features of a whole image and of its positions, whatever the backbone."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn


def overview(
    backbone: nn.Module, outputs: Sequence[torch.Tensor]
) -> torch.Tensor:
    """Sum an image up.

    Args:
        backbone: Where it has a ``global_feature``, as
            ``mmvision_ext.CLIPResNet``, that pools the last stage.
        outputs: What the backbone gave; the last one counts: a map
            (N, C, H, W), or an embedding (N, D) already.

    Returns:
        The embedding; ``global_feature`` of the last map, else its mean over
        the positions: (N, G).
    """
    last = outputs[-1]
    if last.ndim == 2:
        return last
    pool: Any = getattr(backbone, 'global_feature', None)
    return last.mean((2, 3)) if pool is None else pool(last)


def position_features(
    backbone: nn.Module, outputs: Sequence[torch.Tensor]
) -> torch.Tensor:
    """The positions of an image, in the space of :func:`overview`.

    Args:
        backbone: Where it has ``position_features``, as
            ``mmvision_ext.CLIPResNet``, that makes them.
        outputs: What the backbone gave; the last one counts, a map (N, C, H,
            W).

    Returns:
        ``position_features`` of the last map, else the map itself, of which
        the overview is the mean: (N, G, H, W).
    """
    make: Any = getattr(backbone, 'position_features', None)
    return outputs[-1] if make is None else make(outputs[-1])
