"""Fixtures of the model tests."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mmvision_ext.testing.tiny_words import write_random_words

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
        path = tmp_path / f'{name}.safetensors'
        return write_random_words(path, words, dims, encoder)

    return write
