"""Features of a whole image and of its positions, whatever the backbone."""

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

#: Share of the height and of the width of an input that is picture; what is
#: below and right of it fills the batch.
Share = tuple[float, float]

_ROUNDING = 1e-6  # of positions


def overview(
    backbone: nn.Module,
    outputs: Sequence[torch.Tensor],
    pictures: Sequence[Share] | None = None,
) -> torch.Tensor:
    """Sum an image up.

    Args:
        backbone: Where it has a ``global_feature``, as
            ``mmvision_ext.CLIPResNet``, that pools the last stage.
        outputs: What the backbone gave; the last one counts: a map
            (N, C, H, W), or an embedding (N, D) already.
        pictures: For each of N inputs what of it is picture; positions beyond
            it do not count. None where all of all are.

    Returns:
        The embedding; ``global_feature`` of the last map, else its mean over
        the positions: (N, G).
    """
    last = outputs[-1]
    if last.ndim == 2:
        return last
    make: Any = getattr(backbone, 'global_feature', None)
    pool = make or (lambda maps: maps.mean((2, 3)))
    if pictures is None or all(share == (1, 1) for share in pictures):
        return pool(last)
    return torch.cat(
        [
            pool(_picture(one, share)[None])
            for one, share in zip(last, pictures, strict=True)
        ]
    )


def _picture(one: torch.Tensor, share: Share) -> torch.Tensor:
    """The positions of a map (C, H, W) that see some of the picture."""
    rows, columns = (
        math.ceil(part * size - _ROUNDING)
        for part, size in zip(share, one.shape[1:], strict=True)
    )
    return one[:, :rows, :columns]


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
