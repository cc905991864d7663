"""Computing in float32 under autocast."""

from contextlib import AbstractContextManager, nullcontext

import torch


def full_precision(like: torch.Tensor) -> AbstractContextManager:
    """Switch autocast off, where the device has one.

    Args:
        like: A tensor of that device; ``meta`` has no autocast.

    Returns:
        A context in which operations keep the types of their inputs.
    """
    if like.device.type == 'meta':
        return nullcontext()
    return torch.autocast(like.device.type, enabled=False)
