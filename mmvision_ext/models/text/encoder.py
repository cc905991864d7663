"""What every text encoder does: from prompts to directions."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
from torch.nn import functional as F

from mmvision_ext.utils import InputError

from .embeddings import TextEmbeddings
from .prompts import Phrases, fill

_BATCH = 256  # sentences at a time


def ensemble(features: torch.Tensor, counts: Sequence[int]) -> torch.Tensor:
    """Average the embeddings of the prompts of each name.

    Radford et al., "Learning Transferable Visual Models From Natural Language
    Supervision", ICML 2021, section 3.1.4: an average of embeddings, not of
    predictions. Every prompt counts alike, whatever its length in the space.

    Args:
        features: Embeddings of all prompts, name after name, (P, D).
        counts: Number of prompts of each of the K names, at least 1 each; P
            together.

    Returns:
        Length 1, float32 (K, D).

    Raises:
        InputError: If an embedding is zero or not finite, or the prompts of a
            name cancel out.
    """
    single = features.float()
    lengths = single.norm(dim=1, keepdim=True)
    if not (lengths.isfinite() & (lengths > 0)).all():
        raise InputError(
            'text encoder: expected embeddings that are finite and not zero, '
            'found others; its weights are damaged'
        )
    single = single / lengths
    means = torch.stack([part.mean(0) for part in single.split(list(counts))])
    lengths = means.norm(dim=1)
    if (lengths < 1e-6).any():
        raise InputError(
            'text encoder: expected prompts of a name that agree, found '
            f'opposite ones in row {int(lengths.argmin())}'
        )
    return F.normalize(means, dim=1)


class TextEncoder(ABC):
    """Turns sentences into embeddings.

    A subclass gives :meth:`embed` and the attributes.

    Attributes:
        encoder: What it is, as :class:`TextEmbeddings` names it.
        sha256: Of the file of its weights, or None.
        logit_scale: That its weights were trained with, or None.
    """

    encoder: str
    sha256: str | None = None
    logit_scale: float | None = None

    @abstractmethod
    def embed(self, sentences: Sequence[str]) -> torch.Tensor:
        """Embed sentences.

        Args:
            sentences: N sentences, at most some hundred.

        Returns:
            Shape (N, D), of any length, without gradient.
        """

    def encode(self, prompts: Sequence[Sequence[str]]) -> torch.Tensor:
        """Embed names by their prompts.

        Args:
            prompts: One sentence or more for each of K names.

        Returns:
            Mean of the normalised embeddings of a name, normalised again,
            float32 (K, D) on the CPU.

        Raises:
            InputError: If there is no name, or a name without a sentence.
        """
        if isinstance(prompts, str) or not len(prompts):
            raise InputError(
                'prompts: expected a list of sentences for each name, found '
                f'{prompts!r}'
            )
        for index, row in enumerate(prompts):
            if isinstance(row, str) or not row or not all(row):
                raise InputError(
                    'prompts: expected a list of sentences that are not '
                    f'empty, found {row!r} in row {index}'
                )
        flat = [sentence for row in prompts for sentence in row]
        parts = [
            self.embed(flat[start : start + _BATCH]).float().cpu()
            for start in range(0, len(flat), _BATCH)
        ]
        return ensemble(torch.cat(parts), [len(row) for row in prompts])

    def embeddings(
        self, phrases: Phrases, sentences: Sequence[str]
    ) -> TextEmbeddings:
        """Embed a vocabulary.

        Args:
            phrases: Names and how they read.
            sentences: Templates, ``{}`` once in each.

        Returns:
            What :func:`~mmvision_ext.models.text.write_embeddings` writes.
        """
        prompts = fill(list(phrases.present.values()), sentences)
        opposites = None
        if phrases.absent is not None:
            opposites = fill(list(phrases.absent.values()), sentences)
        return TextEmbeddings(
            names=tuple(phrases.present),
            features=self.encode(prompts),
            prompts=prompts,
            encoder=self.encoder,
            sha256=self.sha256,
            logit_scale=self.logit_scale,
            absent=None if opposites is None else self.encode(opposites),
            absent_prompts=opposites,
        )
