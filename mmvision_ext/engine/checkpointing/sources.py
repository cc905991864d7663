"""Checkpoints by file, address, or name in a model zoo, for all of mmengine.

mmengine's own loaders run what a file holds as soon as it holds more than
weights. :func:`use_safe_loader` puts others in their place, by the door that
mmengine has for that (``CheckpointLoader.register_scheme``). So what mmdet,
mmpretrain and mmcv load through it is read safely as well: ``init_detector``,
``get_model``, ``init_cfg``, ``load_from``, a backbone's own ``init_weights``.
"""

import os.path as osp
from typing import Any

from mmengine.runner import CheckpointLoader
from mmengine.runner.checkpoint import (
    _get_mmengine_home,
    _process_mmcls_checkpoint,
    get_deprecated_model_names,
    get_external_models,
    get_mmcls_models,
    get_torchvision_models,
)

from mmvision_ext.utils import InputError
from mmvision_ext.utils.nearest import did_you_mean
from mmvision_ext.utils.web import is_address

from .safe_load import read_checkpoint

#: Beginnings of names that mmengine has loaders for, as it spells them.
_SCHEMES = [
    '',
    'http://',
    'https://',
    'mmcls://',
    'modelzoo://',
    'open-mmlab://',
    'openmmlab://',
    'pavi://',
    'torchvision://',
    r'(\S+\:)?petrel://',
    r'(\S+\:)?s3://',
]


def use_safe_loader() -> None:
    """Have mmengine read checkpoints without running code from them.

    In force for the process from then on. Nothing else about loading changes,
    except that downloads are compared with their sha256, tensors arrive on
    the CPU, and the stores ``pavi``, ``petrel`` and ``s3`` are refused.
    """
    CheckpointLoader.register_scheme(
        _SCHEMES, load_from_weights_only, force=True
    )


def load_from_weights_only(
    filename: str, map_location: Any = None
) -> dict[str, Any]:
    """Loader for mmengine, which shows its name from the tenth letter on.

    Args:
        filename: As in :func:`read_source`.
        map_location: Not used: whoever copies the tensors knows where to.

    Returns:
        Content of the checkpoint, tensors on the CPU.

    Raises:
        InputError: See :func:`read_source`.
    """
    return read_source(filename)


def read_source(source: str) -> dict[str, Any]:
    """Read a file, an address, or what a model zoo has under a name.

    Args:
        source: File, http(s) address, or ``torchvision://``, ``open-mmlab://``
            or ``mmcls://`` and a name there.

    Returns:
        Content of the checkpoint, tensors on the CPU.

    Raises:
        InputError: There is no such thing, it cannot be fetched, or it cannot
            be read without running code from it.
    """
    scheme, separator, name = str(source).partition('://')
    if not separator or is_address(source):
        return read_checkpoint(source)
    known = _addresses(scheme)
    if name not in known:
        raise InputError(
            f'checkpoint {source}: expected a file, an address (http, https) '
            'or a name of a model zoo (torchvision, open-mmlab, mmcls), found '
            f'none{did_you_mean(name, known)}'
        )
    address = known[name]
    if '://' not in address:
        address = osp.join(_get_mmengine_home(), address)
    checkpoint = read_checkpoint(address)
    if scheme == 'mmcls':
        return _process_mmcls_checkpoint(checkpoint)
    return checkpoint


def _addresses(zoo: str) -> dict[str, str]:
    """Names of a model zoo to where their files are; empty if unknown."""
    if zoo in ('torchvision', 'modelzoo'):
        return get_torchvision_models()
    if zoo == 'mmcls':
        return get_mmcls_models()
    if zoo not in ('open-mmlab', 'openmmlab'):
        return {}
    addresses = get_external_models()
    for old, new in get_deprecated_model_names().items():
        if new in addresses:
            addresses[old] = addresses[new]
    return addresses
