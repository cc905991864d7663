"""Heads that take the embeddings of their attributes from a file."""

from collections.abc import Iterable, Sequence
from typing import Any

import torch

_WORDS = {'head.present', 'head.absent'}
_SCALE = 'head.cosine.log_scale'


def without_words(model: Any, missing: Iterable[str]) -> set[str]:
    """What a checkpoint lacks beside what an embedding file has.

    Args:
        model: A classifier, such as one with a ``TextAttributeHead``.
        missing: Entries of its state that the checkpoint lacks.

    Returns:
        Of these, the ones that are needed. Embeddings are not, where none of
        them is there; neither is the scale of a zero-shot head, of which the
        checkpoint, an image tower, has nothing.
    """
    missing = set(missing)
    if not _takes_words(model) or 'head.present' not in missing:
        return missing
    of_head = {name for name in model.state_dict() if name.startswith('head.')}
    return missing - _WORDS - ({_SCALE} if of_head <= missing else set())


def tell_names(model: Any, names: Sequence[str]) -> None:
    """Give a head of words the embeddings of its attributes.

    Those of a checkpoint stay. Other models are left as they are.

    Args:
        model: A classifier.
        names: The attributes of the data, in the order of the scores.

    Raises:
        InputError: The embedding file cannot be used, or lacks one of them.
    """
    if _takes_words(model):
        model.head.set_names(names)


def fill_words(model: Any) -> None:
    """Give a head of words embeddings that mean nothing, to be counted with.

    Other models are left as they are.

    Args:
        model: A classifier.
    """
    if _takes_words(model):
        state = model.state_dict()
        model.load_state_dict(
            {
                name: torch.zeros_like(state[name])
                for name in _WORDS & {*state}
            },
            strict=False,
        )


def _takes_words(model: Any) -> bool:
    return hasattr(getattr(model, 'head', None), 'set_names')
