"""Generated data and paths for tests, documentation and the quick start."""

from .paths import data_root
from .shapes_devkit import SHAPE_CLASSES, make_shapes_devkit

__all__ = ['SHAPE_CLASSES', 'data_root', 'make_shapes_devkit']
