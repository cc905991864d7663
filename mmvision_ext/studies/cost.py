"""What the networks of a study cost: parameters and multiply-adds."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from mmengine.config import Config
from mmengine.utils import import_modules_from_strings

from mmvision_ext.utils import InputError

COST_COLUMNS = ('input_size', 'params', 'multiply_adds')
BUILD_SEED = 0  # weights do not matter, but the study's must not move


@dataclass(frozen=True)
class NetworkCost:
    """Cost of one network.

    Attributes:
        params: Number of parameters, trained or not.
        multiply_adds: Multiply-adds of convolutions and matrix products for
            one image.
    """

    params: int
    multiply_adds: int


def count_cost(config: Config, size: tuple[int, int]) -> NetworkCost:
    """Count what a classifier costs, on the CPU and without its weights.

    Args:
        config: A classification config.
        size: Height and width of the input in pixels.

    Returns:
        Its cost, head included.

    Raises:
        InputError: The model cannot be built, or not take such an image.
    """
    # mmdet and mmpretrain are imported by those who count only.
    from mmvision_ext.apis.model import config_faults, empty_classifier
    from mmvision_ext.deployment.measure import count_multiply_adds

    if config.get('custom_imports'):
        import_modules_from_strings(**config.custom_imports)
    config.setdefault('default_scope', 'mmpretrain')
    config.get('model', {}).pop('compile', None)  # hides its operations
    with config_faults(config, 'model'), torch.random.fork_rng([]):
        torch.manual_seed(BUILD_SEED)
        model = empty_classifier(config).eval()
    params = sum(value.numel() for value in model.parameters())
    try:
        operations = count_multiply_adds(model, torch.zeros(1, 3, *size))
    except (RuntimeError, ValueError, AssertionError) as error:
        raise InputError(
            f'{config.filename}: expected a network that takes an image of '
            f'{size[0]} x {size[1]} pixels, found {type(error).__name__}: '
            f'{error}. Set input_size in the study file.'
        ) from error
    return NetworkCost(params, operations)


def size_text(size: tuple[int, int]) -> str:
    """Height and width as the column ``input_size`` has them.

    Args:
        size: Height and width in pixels.

    Returns:
        Such as ``'32x32'``.
    """
    return f'{size[0]}x{size[1]}'


def is_counted(row: Mapping[str, Any], size: tuple[int, int]) -> bool:
    """Whether a row has the cost for this size of input.

    Args:
        row: A row of ``runs.csv``.
        size: Height and width in pixels.

    Returns:
        True where it need not be counted anew.
    """
    filled = all(str(row.get(key) or '').isdigit() for key in COST_COLUMNS[1:])
    return filled and row.get('input_size') == size_text(size)
