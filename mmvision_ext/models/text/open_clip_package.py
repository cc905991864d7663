"""open_clip, imported when it is needed."""

from types import ModuleType

from mmvision_ext.utils import InputError


def open_clip_package() -> ModuleType:
    """Import open_clip.

    Returns:
        The module.

    Raises:
        InputError: If it is not installed.
    """
    try:
        import open_clip
    except ImportError:
        raise InputError(
            'CLIP towers: expected the package open_clip, found none. '
            'Install it: pip install open_clip_torch'
        ) from None
    return open_clip
