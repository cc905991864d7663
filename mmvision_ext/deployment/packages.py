"""Packages that only deployment needs, imported when they are needed."""

from importlib import import_module
from types import ModuleType

from mmvision_ext.utils import InputError


def need(module: str) -> ModuleType:
    """Import a module of the extra ``deploy``.

    Args:
        module: Dotted name, such as ``'onnxruntime'``.

    Returns:
        The module.

    Raises:
        InputError: It cannot be imported.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise InputError(
            f'{module}: expected the packages of the extra deploy, found that '
            f'this one cannot be imported ({error}). Run: '
            'bash tools/install.sh --extras deploy'
        ) from error
