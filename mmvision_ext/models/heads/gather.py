"""Features of all processes, with gradient."""

import torch
from mmengine.dist import get_world_size
from torch.distributed.nn.functional import all_gather


def gather(features: torch.Tensor) -> torch.Tensor:
    """Join the rows of all processes; gradients flow back to each.

    With DistributedDataParallel, which averages gradients over processes, a
    mean over the joined rows has the gradient of one process with all rows:
    every process computes the same loss, and each gets its rows' share from
    all of them.

    Args:
        features: Shape (N, ...), N the same in every process.

    Returns:
        Shape (W * N, ...) for W processes, in the order of their ranks; the
        input itself for one process.
    """
    if get_world_size() == 1:
        return features
    return torch.cat(all_gather(features.contiguous()))
