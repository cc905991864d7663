"""MMDetection and MMPretrain plugins under one registry scope.

The package name is the registry scope: ``type='mmvision_ext.X'`` resolves
under ``default_scope = 'mmdet'`` and ``'mmpretrain'`` alike.
"""

from .version import __version__

__all__ = ['__version__']
