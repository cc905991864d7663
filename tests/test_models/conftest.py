"""Fixtures of the model tests."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from mmvision_ext.models.text.embeddings import (
    TextEmbeddings,
    write_embeddings,
)

WORDS = ('airplane', 'ship', 'storage tank', 'harbor')
DIMS = 16

Write = Callable[..., str]


@pytest.fixture
def write_words(tmp_path: Path) -> Write:
    """Write an embedding file with random features; returns its path."""

    def write(
        name: str,
        words: tuple[str, ...] = WORDS,
        encoder: str = 'drawn',
        dims: int = DIMS,
    ) -> str:
        generator = torch.Generator().manual_seed(0)
        rows = torch.randn(len(words), dims, generator=generator)
        path = tmp_path / f'{name}.safetensors'
        content = TextEmbeddings(
            names=words,
            features=torch.nn.functional.normalize(rows),
            prompts=tuple((word,) for word in words),
            encoder=encoder,
        )
        write_embeddings(content, path)
        return str(path)

    return write
