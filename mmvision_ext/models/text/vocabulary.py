"""The words that a model knows, and those in use."""

import hashlib
import re
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from mmvision_ext.utils import InputError

from .embeddings import TextEmbeddings, read_embeddings

#: A folder, which some files name beside the sha256 of what it holds.
_FOLDER = re.compile(r'^(sentence-transformers) [^,]+(, sha256 \w+)$')


class Vocabulary(nn.Module):
    """Features of words from an embedding file.

    The features are no parameters, and no part of a checkpoint: they come from
    the file, which ``tools/model_converters/encode_text.py`` writes. A
    checkpoint remembers which encoder made them, so that words of another
    encoder, which lie in another space, are refused.

    Which words are in use is a matter of the data:
    ``mmvision_ext.VocabularyHook`` sets them to the classes of the dataset
    that comes next.

    Args:
        path: The embedding file; all of its words are in use to begin with.

    Attributes:
        features: Of the words in use, of length 1, float32 (K, D).
        space: What tells the encoder from others: a digest, uint8 (32,).
    """

    features: torch.Tensor
    space: torch.Tensor

    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path
        self.bank = read_embeddings(path)
        self.words = self.bank.names
        self.register_buffer('space', _space(self.bank))
        self.register_buffer('features', self.bank.features, persistent=False)

    def use(self, words: Sequence[str]) -> None:
        """Choose words of the file.

        Args:
            words: In the order of the labels.

        Raises:
            InputError: If there are none, one comes twice or is not in the
                file.
        """
        if isinstance(words, str) or not words:
            raise InputError(
                f'words: expected a list of words, found {words!r}'
            )
        chosen = self.bank.select(words, self.path)
        self.words = chosen.names
        self.features = chosen.features.to(self.features.device)

    def adopt(self, bank: TextEmbeddings, source: str) -> None:
        """Put other words in the place of all there were.

        Args:
            bank: Words and features of the same encoder; all are in use.
            source: Where they come from, for messages.

        Raises:
            InputError: If they are of another dimension or encoder.
        """
        self._check(bank, source)
        self.path, self.bank, self.words = source, bank, bank.names
        self.features = bank.features.to(self.features.device)

    def extend(self, more: TextEmbeddings, source: str) -> None:
        """Add words to the known ones; those in use stay.

        Args:
            more: Other words and features of the same encoder.
            source: Where they come from, for messages.

        Raises:
            InputError: If they are of another dimension or encoder, or one is
                known already.
        """
        self._check(more, source)
        known = [name for name in more.names if name in self.bank.names]
        if known:
            raise InputError(
                f'{source}: expected words that {self.path} lacks, found '
                f"'{known[0]}', which it has; leave it out, or put all words "
                'in the place of the known ones by adopt'
            )
        self.bank = self.bank.join(more)

    def _check(self, bank: TextEmbeddings, source: str) -> None:
        """Refuse features that do not compare with those of the file."""
        dims, found = self.features.shape[1], bank.features.shape[1]
        if found != dims:
            raise InputError(
                f'{source}: expected features of {dims} dimensions as in '
                f'{self.path}, found {found}'
            )
        if not torch.equal(_space(bank), self.space.cpu()):
            raise InputError(
                f'{source}: expected features of {self.bank.encoder}, as in '
                f'{self.path}, found those of {bank.encoder}; features of two '
                'encoders do not compare'
            )

    def _load_from_state_dict(
        self, state_dict: dict, prefix: str, *args: Any
    ) -> None:
        """Refuse a checkpoint that was trained with another encoder."""
        key = f'{prefix}space'
        if key in state_dict:
            trained = state_dict[key].cpu()
            # The whole name was digested where the file still has a folder.
            known = (_space(self.bank), _digest(self.bank.encoder))
            if not any(torch.equal(trained, space) for space in known):
                raise InputError(
                    f'{self.path}: features of {self.bank.encoder}, expected '
                    'those of the encoder that the checkpoint was trained '
                    'with; encode the words by that one'
                )
            state_dict[key] = known[0]
        super()._load_from_state_dict(state_dict, prefix, *args)


def _space(bank: TextEmbeddings) -> torch.Tensor:
    """A digest of the encoder, uint8 (32,), wherever its folder lies."""
    return _digest(_FOLDER.sub(r'\1\2', bank.encoder))


def _digest(text: str) -> torch.Tensor:
    digest = hashlib.sha256(text.encode()).digest()
    return torch.tensor(list(digest), dtype=torch.uint8)
