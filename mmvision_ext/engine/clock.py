"""Time as it passes for a device that works by itself."""

import time

import torch


def now() -> float:
    """Seconds, once the GPU has done all that it was told.

    Returns:
        Of :func:`time.perf_counter`: only differences mean something.
    """
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter()
