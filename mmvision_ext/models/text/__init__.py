"""Words as directions: prompts, text encoders and embedding files."""

from .clip_activation import (
    activation_of,
    activation_of_file,
    activation_of_tag,
    check_activation,
)
from .embeddings import TextEmbeddings, read_embeddings, write_embeddings
from .encoder import TextEncoder, ensemble
from .open_clip_encoder import OpenCLIPTextEncoder
from .prompts import (
    Phrases,
    phrases_of,
    read_phrases,
    sentences_behind,
    template_set,
    templates,
    vocabularies,
)
from .sentence_encoder import SentenceTextEncoder

__all__ = [
    'OpenCLIPTextEncoder',
    'Phrases',
    'SentenceTextEncoder',
    'TextEmbeddings',
    'TextEncoder',
    'activation_of',
    'activation_of_file',
    'activation_of_tag',
    'check_activation',
    'ensemble',
    'phrases_of',
    'read_embeddings',
    'read_phrases',
    'sentences_behind',
    'template_set',
    'templates',
    'vocabularies',
    'write_embeddings',
]
