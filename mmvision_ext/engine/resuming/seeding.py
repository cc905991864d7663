"""Random numbers that follow from what they are for, not from the past."""

import random
from enum import IntEnum

import numpy as np
import torch
from mmengine.device import get_device


class Stream(IntEnum):
    """What random numbers are for; each use has numbers of its own."""

    STEP = 0  # of the optimizer: dropout, mixup, sampled boxes
    ORDER = 1  # of the samples
    SAMPLE = 2  # augmentation


def seed_generators(stream: Stream, *key: int, devices: bool = False) -> None:
    """Seed the generators of Python, NumPy and PyTorch of this process.

    The seeds are drawn from NumPy's ``SeedSequence``, so that neighbouring
    keys give unrelated numbers.

    Args:
        stream: What the numbers are for.
        *key: Not negative; which numbers of the stream.
        devices: Whether PyTorch's generators of GPUs are seeded as well.
    """
    words = np.random.SeedSequence((stream, *key)).generate_state(8)
    random.seed(words[:2].tobytes())
    np.random.seed(words[2:6])
    seed = int(words[6]) << 32 | int(words[7])
    torch.default_generator.manual_seed(seed)
    device = get_device() if devices else 'cpu'
    if device == 'cuda':
        torch.cuda.manual_seed(seed)
    elif device != 'cpu':
        torch.manual_seed(seed)  # five times slower: tries every kind
