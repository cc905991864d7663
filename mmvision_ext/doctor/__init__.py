"""Whether this Python environment works: ``python -m mmvision_ext.doctor``.

Nothing here is imported before it is needed, so that the doctor also runs
where torch, mmcv or rich are missing or broken.
"""

from .finding import Finding, Level

__all__ = ['Finding', 'Level']
