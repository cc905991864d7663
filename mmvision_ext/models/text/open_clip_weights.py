"""CLIP models of open_clip, with weights from a file or a published tag."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from torch import nn

from mmvision_ext.engine.checkpointing import match_state_dict
from mmvision_ext.engine.checkpointing.durable import file_digest
from mmvision_ext.models.backbones.convert import COUNTER, read_weights
from mmvision_ext.utils import InputError
from mmvision_ext.utils.nearest import nearest

from .clip_activation import (
    activation_of_file,
    activation_of_tag,
    check_activation,
)
from .open_clip_package import open_clip_package

_NO_WEIGHTS = {'input_resolution', 'context_length', 'vocab_size'}


def build_open_clip(
    architecture: str, text_cfg: Mapping[str, Any] | None = None
) -> nn.Module:
    """Build a CLIP model with random weights.

    Args:
        architecture: A name of ``open_clip.list_models()``.
        text_cfg: Another text tower; None has the architecture's.

    Returns:
        The model, in float32 on the CPU.

    Raises:
        InputError: If there is no such architecture.
    """
    package = open_clip_package()
    known = package.list_models()
    if architecture not in known:
        raise InputError(
            "architecture: expected one of open_clip's, found '"
            f"{architecture}'{nearest(architecture, known)}"
        )
    changes = {} if text_cfg is None else {'text_cfg': dict(text_cfg)}
    with _no_root_log():
        return package.create_model(
            architecture,
            pretrained_image=False,
            pretrained_text=False,
            **changes,
        )


def find_weights(architecture: str, weights: str) -> tuple[Path, str]:
    """The file of some weights, its activation checked.

    Args:
        architecture: A name of ``open_clip.list_models()``.
        weights: A file, or a tag under which open_clip publishes weights of
            the architecture; those are fetched.

    Returns:
        The file, and its sha256.

    Raises:
        InputError: If there is neither, it cannot be fetched, or it was
            trained with another activation than the architecture has.
    """
    package = open_clip_package()
    path = Path(weights).expanduser()
    wanted = activation_of_tag(architecture, weights)
    if wanted is not None and not path.is_file():
        check_activation(architecture, wanted, f"weights '{weights}'")
        path = _fetch(architecture, weights)
        return path, file_digest(path)
    if not path.is_file():
        tags = package.list_pretrained_tags_by_model(architecture)
        raise InputError(
            'weights: expected a file, or a tag of open_clip for '
            f"'{architecture}' ({', '.join(tags) or 'there are none'}), found "
            f"'{weights}', which is neither. RemoteCLIP is on Hugging Face: "
            'chendelong/RemoteCLIP.'
        )
    sha256 = file_digest(path)
    wanted = activation_of_file(architecture, path, sha256)
    check_activation(architecture, wanted, str(path))
    return path, sha256


def load_open_clip(architecture: str, path: Path) -> nn.Module:
    """Build a CLIP model and load its weights, both towers, all of them.

    Args:
        architecture: A name of ``open_clip.list_models()``.
        path: A state dict of ``torch.save`` or a safetensors file. No code
            from it is run.

    Returns:
        The model, in float32 on the CPU.

    Raises:
        InputError: If the file cannot be read, or is of another model.
    """
    model = build_open_clip(architecture)
    state = {
        name: value.float()
        for name, value in read_weights(path).items()
        if name not in _NO_WEIGHTS
    }
    target = model.state_dict()
    if 'text.positional_embedding' in target:  # towers apart, as newer ones
        state = open_clip_package().model.convert_to_custom_text_state_dict(
            state
        )
    for name in ('logit_scale', 'logit_bias'):
        if name in state and name in target:
            state[name] = state[name].reshape(target[name].shape)
    report = match_state_dict(target, state)
    missing = [n for n in report.missing if not n.endswith(COUNTER)]
    if missing or report.mismatched or report.unexpected:
        raise InputError(
            f"the weights are of another model than the architecture '"
            f"{architecture}'.\n{report.summary(str(path))}\nExpected every "
            'layer of both towers and nothing else: name the architecture of '
            'the weights.'
        )
    model.load_state_dict(state, strict=False)
    return model


def _fetch(architecture: str, tag: str) -> Path:
    package = open_clip_package()
    config = package.get_pretrained_cfg(architecture, tag)
    try:
        return Path(package.download_pretrained(config))
    except Exception as error:  # of urllib, Hugging Face or the disk
        hub = config.get('hf_hub', '').rstrip('/')
        places = [f'https://huggingface.co/{hub}'] if hub else []
        places += [url] if (url := config.get('url')) else []
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise InputError(
            f"weights '{tag}' of '{architecture}': cannot be fetched "
            f'({reason}). Fetch them where there is a network, from '
            f'{" or ".join(places)}, and name the file in the place of the '
            'tag.'
        ) from error


@contextmanager
def _no_root_log() -> Iterator[None]:
    """Without open_clip's note that weights are random: they come next."""

    def refuse(record: logging.LogRecord) -> bool:
        return False

    root = logging.getLogger()
    root.addFilter(refuse)
    try:
        yield
    finally:
        root.removeFilter(refuse)
