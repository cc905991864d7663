"""Torchvision stand-ins for the compiled operators of mmcv.

onedl-mmcv is installed without its compiled extension, so that no compiler
is needed. ``python -m mmvision_ext.ops`` then writes ``mmcv/_ext.py``, which
hands mmcv the functions of :mod:`mmvision_ext.ops.mmcv_ext`. A compiled
``mmcv._ext`` is always preferred. This package imports nothing heavy.
"""

from .door import COMPILED, MISSING, STAND_IN, ops_kind, require

__all__ = ['COMPILED', 'MISSING', 'STAND_IN', 'ops_kind', 'require']
