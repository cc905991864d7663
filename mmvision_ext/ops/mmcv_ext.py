"""What mmcv sees as ``mmcv._ext`` where it is not compiled.

The names and signatures are those of mmcv's C++ extension. mmcv asserts at
import that dozens of them exist, so any further name yields a callable that
raises one clear error when it is used.
"""

from collections.abc import Callable
from typing import Any, NoReturn

from .door import COMPILE_COMMAND
from .focal_loss import (
    sigmoid_focal_loss_backward,
    sigmoid_focal_loss_forward,
)
from .nms import nms
from .roi_align import roi_align_backward, roi_align_forward

__all__ = [
    'get_compiler_version',
    'get_compiling_cuda_version',
    'nms',
    'roi_align_backward',
    'roi_align_forward',
    'sigmoid_focal_loss_backward',
    'sigmoid_focal_loss_forward',
]


class MissingOpError(NotImplementedError):
    """An operator of mmcv was called that only the compiled mmcv has."""


def get_compiler_version() -> str:
    """What mmcv's environment report prints as its compiler.

    Returns:
        A phrase that says that mmcv is not compiled.
    """
    return 'not compiled (torchvision stand-ins of mmvision_ext)'


def get_compiling_cuda_version() -> str:
    """What mmcv's environment report prints as its CUDA compiler.

    Returns:
        A phrase that says that mmcv is not compiled.
    """
    return 'not compiled'


def __getattr__(name: str) -> Callable[..., NoReturn]:
    if name.startswith('__'):
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')

    def missing(*args: Any, **kwargs: Any) -> NoReturn:
        raise MissingOpError(
            f'The mmcv operator `{name}` has no torchvision stand-in in '
            f'mmvision_ext. Compile mmcv with `{COMPILE_COMMAND}`.'
        )

    missing.__name__ = name
    return missing
