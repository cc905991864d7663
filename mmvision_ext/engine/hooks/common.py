"""What several hooks need of a runner."""

from mmengine.optim import OptimWrapper, OptimWrapperDict
from mmengine.runner import Runner

from mmvision_ext.utils import InputError


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
