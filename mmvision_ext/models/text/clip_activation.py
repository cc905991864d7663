"""Which activation CLIP weights want: GELU or QuickGELU.

OpenAI trained CLIP with QuickGELU, x * sigmoid(1.702 x). open_clip builds an
architecture without a suffix, such as ``RN50``, with the exact GELU, and
``RN50-quickgelu`` with QuickGELU. An activation has no weights, so the state
dicts of both have the same names and shapes: **which one a checkpoint wants
cannot be read off it**, and the wrong one loads without a word and gives worse
embeddings. What can tell is the tag under which open_clip publishes the
weights, the file's sha256, or open_clip's own config file beside it.

In the ResNet architectures only the text tower has the activation; the image
tower has ReLU, and is the same either way. RemoteCLIP was trained by code that
builds OpenAI's weights through open_clip, which then chose QuickGELU for them
whatever the architecture was called, so that ``-quickgelu`` is to be expected
of it; its README builds GELU. Neither was measured here.
"""

import json
import logging
import re
from pathlib import Path

from mmengine.logging import print_log

from mmvision_ext.utils import InputError

from .open_clip_package import open_clip_package

QUICK, EXACT = 'QuickGELU', 'GELU'
_SUFFIX = '-quickgelu'
_CONFIG = 'open_clip_config.json'  # beside weights on Hugging Face
_FULL, _SHORT = r'/([0-9a-f]{64})/', r'-([0-9a-f]{8})\.pth?$'


def activation_of(architecture: str) -> str:
    """The activation that open_clip builds an architecture with.

    Args:
        architecture: A name of ``open_clip.list_models()``.

    Returns:
        ``'QuickGELU'`` or ``'GELU'``.
    """
    config = open_clip_package().get_model_config(architecture) or {}
    return QUICK if config.get('quick_gelu', False) else EXACT


def activation_of_tag(architecture: str, tag: str) -> str | None:
    """The activation that published weights were trained with.

    Args:
        architecture: With or without ``-quickgelu``.
        tag: Of open_clip, such as ``'openai'`` or ``'laion2b_s34b_b79k'``.

    Returns:
        ``'QuickGELU'`` or ``'GELU'``; None where open_clip has no such
        weights.
    """
    base = architecture.removesuffix(_SUFFIX)
    config = open_clip_package().get_pretrained_cfg(base, tag)
    if not config:
        return None
    return QUICK if config.get('quick_gelu', False) else EXACT


def activation_of_file(
    architecture: str, path: str | Path, sha256: str
) -> str | None:
    """The activation that the weights in a file were trained with.

    Args:
        architecture: With or without ``-quickgelu``.
        path: The file; ``open_clip_config.json`` beside it is looked at.
        sha256: Of the file.

    Returns:
        ``'QuickGELU'`` or ``'GELU'``; None where nothing tells.
    """
    package = open_clip_package()
    base = architecture.removesuffix(_SUFFIX)
    for tag in package.list_pretrained_tags_by_model(base):
        url = package.get_pretrained_url(base, tag)
        for pattern in (_FULL, _SHORT):  # published in the address
            found = re.search(pattern, url)
            if found and sha256.startswith(found[1]):
                return activation_of_tag(base, tag)
    try:
        beside = Path(path).with_name(_CONFIG)
        config = json.loads(beside.read_text('utf-8'))['model_cfg']
        return QUICK if config.get('quick_gelu', False) else EXACT
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def check_activation(
    architecture: str, wanted: str | None, source: str
) -> None:
    """Compare what is built with what the weights want.

    Args:
        architecture: A name of ``open_clip.list_models()``.
        wanted: ``'QuickGELU'`` or ``'GELU'``; None where nobody knows, which
            gives a warning.
        source: The weights, for the message.

    Raises:
        InputError: If they differ.
    """
    built = activation_of(architecture)
    if wanted == built:
        return
    base = architecture.removesuffix(_SUFFIX)
    if wanted is None:
        other = base + _SUFFIX if built == EXACT else base
        print_log(
            f"{source}: built with {built}, as the architecture '"
            f"{architecture}' says; the file does not tell what it was "
            "trained with. OpenAI's weights, and those trained on from them "
            f'(RemoteCLIP), want QuickGELU. The other choice is {other}.',
            logger='current',
            level=logging.WARNING,
        )
        return
    right = base + _SUFFIX if wanted == QUICK else base
    raise InputError(
        f'{source}: expected an architecture with {wanted}, which these '
        f"weights were trained with, found '{architecture}' with {built}. "
        f"Take the architecture '{right}'."
    )
