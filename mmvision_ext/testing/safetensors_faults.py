"""Seeded faults in safetensors files, for tests of what reads them."""

import json
from collections.abc import Callable

import torch
from safetensors.torch import load, save

from .annotation_faults import (
    DAMAGE_SHARE,
    Mutation,
    Rng,
    mutate_bytes,
    mutate_tree,
    pick,
)

_LENGTH_BYTES = 8  # of the header's length, in front of it


def mutate_safetensors(content: bytes, rng: Rng) -> Mutation:
    """Damage a safetensors file, its header, its JSON texts or a tensor.

    Args:
        content: The sound file.
        rng: Source of randomness.

    Returns:
        The fault.
    """
    kind = rng.random()
    if kind < DAMAGE_SHARE:
        return mutate_bytes(content, rng)
    end = _LENGTH_BYTES + int.from_bytes(content[:_LENGTH_BYTES], 'little')
    header = json.loads(content[_LENGTH_BYTES:end])
    if kind < 2 * DAMAGE_SHARE:
        header, what, _ = mutate_tree(header, rng)
        return Mutation(f'header: {what}', _joined(header, content[end:]))
    texts = header['__metadata__']
    if kind < 3 * DAMAGE_SHARE:
        key = pick(rng, tuple(texts))
        tree, what, names = mutate_tree(json.loads(texts[key]), rng)
        header['__metadata__'] = {**texts, key: json.dumps(tree)}
        changed = _joined(header, content[end:])
        return Mutation(f'{key}: {what}', changed, names)
    return _mutate_tensor(content, texts, rng)


def _joined(header: object, data: bytes) -> bytes:
    """A file of header and data."""
    text = json.dumps(header).encode()
    return len(text).to_bytes(_LENGTH_BYTES, 'little') + text + data


def _mutate_tensor(
    content: bytes, texts: dict[str, str], rng: Rng
) -> Mutation:
    """Other values, another type or another shape of one tensor."""
    tensors = load(content)
    key = pick(rng, tuple(tensors))
    found = tensors[key]
    place = int(rng.integers(found.numel()))
    changes: dict[str, Callable[[], torch.Tensor]] = {
        'NaN': lambda: _with(found, place, float('nan')),
        'infinity': lambda: _with(found, place, float('inf')),
        'a wrong value': lambda: _with(found, place, 7.0),
        'zeros': lambda: torch.zeros_like(found),
        'twice as long': lambda: found * 2,
        'half precision': found.half,
        'whole numbers': found.long,
        'one row less': lambda: found[:-1].contiguous(),
        'no row': lambda: found[:0],
        'another axis': lambda: found[None],
        'flat': lambda: found.reshape(-1),
    }
    what = pick(rng, tuple(changes))
    tensors[key] = changes[what]()
    return Mutation(f'{key}: {what}', save(tensors, texts), (key,))


def _with(tensor: torch.Tensor, place: int, value: float) -> torch.Tensor:
    """A copy with one other value."""
    changed = tensor.clone()
    changed.view(-1)[place] = value
    return changed
