"""What several hooks need of a runner."""

from mmengine.model import is_model_wrapper
from mmengine.optim import OptimWrapper, OptimWrapperDict
from mmengine.runner import Runner
from torch import nn

from mmvision_ext.utils import InputError


def unwrapped(model: nn.Module) -> nn.Module:
    """The model itself, without the wrapper for distributed training.

    Args:
        model: A model, wrapped or not.

    Returns:
        The model.
    """
    return model.get_submodule('module') if is_model_wrapper(model) else model


def single_optimizer(runner: Runner, hook: str) -> OptimWrapper:
    """The runner's optimizer, of which there has to be one.

    Args:
        runner: A runner that is training.
        hook: Name of the hook that asks.

    Returns:
        The wrapper around the optimizer.

    Raises:
        InputError: If there are several optimizers.
    """
    wrapper = runner.optim_wrapper
    if isinstance(wrapper, OptimWrapperDict):
        raise InputError(
            f'{hook}: expected one optimizer, found an OptimWrapperDict with '
            f'{list(wrapper.keys())}; leave the hook out'
        )
    return wrapper
