"""Whether a checkpoint has what a training needs to resume."""

from collections.abc import Mapping
from typing import Any

from mmvision_ext.utils import InputError

#: Part to the kind it has to be of; a part of a part after a dot.
_PARTS: dict[str, type] = {
    'state_dict': Mapping,
    'meta': Mapping,
    'meta.epoch': int,
    'meta.iter': int,
    'message_hub': Mapping,
    'message_hub.log_scalars': Mapping,
    'message_hub.runtime_info': Mapping,
    'message_hub.resumed_keys': Mapping,
}


def state_fault(content: Mapping[str, Any]) -> str | None:
    """Check the structure that mmengine's resume takes for granted.

    Args:
        content: Content of a checkpoint.

    Returns:
        What is missing or of another kind, and what to do; None where
        nothing is.
    """
    faults: dict[str, str] = {}
    for name, kind in _PARTS.items():
        whole, _, key = name.rpartition('.')
        if whole in faults:
            continue
        part = content[whole] if whole else content
        if key not in part:
            faults[name] = f'no {name}'
        elif not isinstance(part[key], kind):
            faults[name] = f'{name} is {type(part[key]).__name__}'
    meta = content.get('meta')
    if isinstance(meta, Mapping) and not isinstance(meta.get('cfg', ''), str):
        faults['meta.cfg'] = f'meta.cfg is {type(meta["cfg"]).__name__}'
    if not faults:
        return None
    return (
        f'not a state of a training: {", ".join(faults.values())}; to start '
        'from its weights, name it in load_from, without --resume'
    )


def require_state(content: Mapping[str, Any], source: str) -> None:
    """Stop where a training cannot resume from a checkpoint.

    Args:
        content: Content of the checkpoint.
        source: Its name.

    Raises:
        InputError: It lacks what is needed.
    """
    fault = state_fault(content)
    if fault:
        raise InputError(f'resume: {source}: {fault}.')
