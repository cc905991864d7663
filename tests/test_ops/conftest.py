"""The compiled operators of mmcv, where they are installed."""

from importlib import import_module
from types import ModuleType

import pytest
import torch

from mmvision_ext.ops import COMPILED, ops_kind


@pytest.fixture
def compiled() -> ModuleType:
    """The compiled ``mmcv._ext``; skips where mmcv is not compiled."""
    if ops_kind() != COMPILED:
        pytest.skip(
            'mmcv is not compiled: bash tools/install.sh --compile-ops'
        )
    return import_module('mmcv._ext')


@pytest.fixture
def generator() -> torch.Generator:
    """A seeded source of random numbers."""
    return torch.Generator().manual_seed(7)
