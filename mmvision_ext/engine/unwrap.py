"""The model inside its wrapper for distributed training."""

from mmengine.model import is_model_wrapper
from torch import nn


def unwrapped(model: nn.Module) -> nn.Module:
    """The model itself, without the wrapper for distributed training.

    Args:
        model: A model, wrapped or not.

    Returns:
        The model.
    """
    return model.get_submodule('module') if is_model_wrapper(model) else model
