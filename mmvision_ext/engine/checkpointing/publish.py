"""A checkpoint to give away: weights and what inference needs, no more."""

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save as safetensors_bytes

from mmvision_ext.utils import InputError
from mmvision_ext.utils.listed import listed

from .config_text import inference_config, without_places
from .durable import finish, write_unfinished
from .safe_load import SAFETENSORS, read_checkpoint
from .state import state_of

_KEPT = ('epoch', 'iter', 'mmengine_version')
_DIGITS = 8  # of the sha256 in the name, as OpenMMLab has it
_NAMED = 5  # entries in a note


@dataclass
class Published:
    """What was written.

    Attributes:
        path: The file; its name ends with the first 8 digits of the sha256.
        sha256: Of the file, in hexadecimal digits.
        source_bytes: Size of the checkpoint of the training.
        bytes: Size of the file.
        notes: What the user should know of the content, one sentence each.
    """

    path: Path
    sha256: str
    source_bytes: int
    bytes: int
    notes: list[str]


def publish(source: str | Path, out: str | Path) -> Published:
    """Write the weights of a checkpoint, without the state of its training.

    Kept are ``state_dict``, the names of the classes and the rest of
    ``dataset_meta``, the epoch and iteration, mmengine's version, and of the
    config what inference needs, without absolute paths and credentials. In a
    checkpoint of mmengine's ``EMAHook``, ``state_dict`` is the moving average.

    Args:
        source: Checkpoint of a training.
        out: Name without the digits of the sha256, which are added;
            ``*.safetensors`` or ``*.pth``. Its folder is made where missing.

    Returns:
        What was written. The same content gives the same file.

    Raises:
        InputError: The checkpoint cannot be read without running code from
            it, holds no weights, or the file cannot be written.
    """
    out = Path(out)
    if out.suffix not in (SAFETENSORS, '.pth'):
        raise InputError(
            f'{out}: expected a name *.pth or *{SAFETENSORS}, found '
            f'{out.suffix or "no suffix"}'
        )
    source = Path(source).expanduser()
    if not source.is_file():
        raise InputError(f'{source}: expected a checkpoint, found no file')
    content = read_checkpoint(source)
    weights, others = _weights(content, source)
    meta, notes = _meta(content.get('meta'))
    if 'ema_state_dict' in content:
        notes.insert(0, 'the weights are the moving average (EMAHook)')
    if others:
        notes.append(
            f'left out of state_dict, no tensors: {listed(others, _NAMED)}'
        )
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        path, sha256 = _write(weights, meta, out)
    except OSError as error:
        raise InputError(f'{out}: cannot be written: {error}.') from error
    try:
        read_checkpoint(path)
    except InputError as error:  # its source is trusted, the result is not
        path.unlink()
        raise InputError(f'not written: {error}') from error
    return Published(
        path, sha256, source.stat().st_size, path.stat().st_size, notes
    )


def _weights(
    content: Mapping[str, Any], source: str | Path
) -> tuple[dict[str, torch.Tensor], list[str]]:
    """Copies of the tensors, each with its own memory, and other names."""
    state = state_of(content)
    weights = {
        name: value.detach().cpu().clone(memory_format=torch.contiguous_format)
        for name, value in state.items()
        if isinstance(value, torch.Tensor)
    }
    if not weights:
        raise InputError(
            f'{source}: expected weights, found no tensor in state_dict'
        )
    return weights, [name for name in state if name not in weights]


def _meta(saved: Any) -> tuple[dict[str, Any], list[str]]:
    """What is told beside the weights, and notes on what is not."""
    saved = saved if isinstance(saved, Mapping) else {}
    notes = []
    meta = {key: saved[key] for key in _KEPT if key in saved}
    names = saved.get('dataset_meta') or {}
    if not names and 'CLASSES' in saved:  # mmdet 2
        names = {'classes': saved['CLASSES']}
    meta['dataset_meta'] = without_places(dict(names))
    if not names:
        notes.append('no class names: meta.dataset_meta is empty')
    if 'cfg' in saved:
        text, lost = inference_config(str(saved['cfg']))
        if text:
            meta['cfg'] = text
        if lost:
            notes.append(f'left out of the config: {listed(lost, _NAMED)}')
    return meta, notes


def _write(
    weights: dict[str, torch.Tensor], meta: dict[str, Any], out: Path
) -> tuple[Path, str]:
    """Write under the name without digits, then add them."""
    if out.suffix == SAFETENSORS:
        data = safetensors_bytes(weights, {'meta': _json(meta, out)})
        sha256 = write_unfinished(out, lambda file: file.write(data))
    else:
        content = dict(meta=meta, state_dict=weights)
        sha256 = write_unfinished(out, functools.partial(torch.save, content))
    path = out.with_name(f'{out.stem}-{sha256[:_DIGITS]}{out.suffix}')
    finish(out, path)
    return path, sha256


def _json(meta: dict[str, Any], out: Path) -> str:
    try:
        return json.dumps(meta)
    except (TypeError, ValueError) as error:
        raise InputError(
            f'{out}: meta.dataset_meta cannot be stored as JSON ({error}): '
            'write a *.pth'
        ) from error
