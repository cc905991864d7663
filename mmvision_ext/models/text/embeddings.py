"""Embedding files: what a text encoder said, so that none is needed later."""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from mmvision_ext.utils import InputError, brief
from mmvision_ext.utils.nearest import did_you_mean

Prompts = tuple[tuple[str, ...], ...]

_KEY = 'mmvision_ext.text_embeddings'  # in the header of the file
_VERSION = 1
_LENGTH_TOLERANCE = 1e-3  # of 1; half precision would still pass
_COMMAND = (
    'Write it again by tools/model_converters/encode_text.py; its --help has '
    'an example.'
)


@dataclass(frozen=True)
class TextEmbeddings:
    """Words and their directions in the space of a text encoder.

    Attributes:
        names: The K names, all different.
        features: Embeddings of length 1, float32 (K, D).
        prompts: For each name the sentences that its embedding is the mean
            of.
        encoder: What made them: kind, architecture and weights. Embeddings
            compare only where this is equal.
        sha256: Of the file of the weights, 64 hexadecimal digits; None where
            the encoder has no file or is random.
        logit_scale: Factor of the cosines that the weights were trained with;
            None where there is none.
        absent: Embeddings of the opposites (an object that is not metal) of
            length 1, float32 (K, D); None where the names have none.
        absent_prompts: Their sentences.
    """

    names: tuple[str, ...]
    features: torch.Tensor
    prompts: Prompts
    encoder: str
    sha256: str | None = None
    logit_scale: float | None = None
    absent: torch.Tensor | None = None
    absent_prompts: Prompts | None = None

    def select(self, names: Sequence[str], source: str) -> 'TextEmbeddings':
        """Take some names, in another order.

        Args:
            names: Names, each at most once.
            source: File of these embeddings, for the error.

        Returns:
            Those names, in the order given.

        Raises:
            InputError: If a name is not there, or comes twice.
        """
        places = {name: index for index, name in enumerate(self.names)}
        lost = [name for name in names if name not in places]
        if lost:
            more = f' and {len(lost) - 1} more' if len(lost) > 1 else ''
            raise InputError(
                f'{source}: expected an embedding of each of {len(names)} '
                f"names, found none of '{lost[0]}'{more}"
                f'{did_you_mean(lost[0], self.names) or "."} {_COMMAND}'
            )
        _check_unique(names, source)
        rows = [places[name] for name in names]
        return replace(
            self,
            names=tuple(names),
            features=self.features[rows],
            prompts=tuple(self.prompts[row] for row in rows),
            absent=None if self.absent is None else self.absent[rows],
            absent_prompts=None
            if self.absent_prompts is None
            else tuple(self.absent_prompts[row] for row in rows),
        )

    def join(self, other: 'TextEmbeddings') -> 'TextEmbeddings':
        """Append the names of others, of the same encoder.

        Args:
            other: Other names, none of them among these.

        Returns:
            All names, without opposites.
        """
        return replace(
            self,
            names=self.names + other.names,
            features=torch.cat([self.features, other.features]),
            prompts=self.prompts + other.prompts,
            absent=None,
            absent_prompts=None,
        )


def write_embeddings(embeddings: TextEmbeddings, path: str | Path) -> None:
    """Write an embedding file.

    It is a safetensors file: ``features`` (K, D), ``absent`` (K, D) where
    there are opposites, and everything else as JSON in its header.

    Args:
        embeddings: What to write.
        path: ``*.safetensors``; its folder is made.

    Raises:
        InputError: If the content is malformed, or the suffix is another.
    """
    path = Path(path)
    if path.suffix != '.safetensors':
        raise InputError(
            f'expected an embedding file *.safetensors, found {path}'
        )
    _check(embeddings, str(path))
    tensors = {'features': embeddings.features.contiguous()}
    if embeddings.absent is not None:
        tensors['absent'] = embeddings.absent.contiguous()
    header = dict(
        version=_VERSION,
        names=embeddings.names,
        prompts=embeddings.prompts,
        absent_prompts=embeddings.absent_prompts,
        encoder=embeddings.encoder,
        sha256=embeddings.sha256,
        logit_scale=embeddings.logit_scale,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, path, metadata={_KEY: json.dumps(header)})


def read_embeddings(path: str | Path) -> TextEmbeddings:
    """Read and check an embedding file. No code from it is run.

    Args:
        path: A file of :func:`write_embeddings`.

    Returns:
        Its content, on the CPU.

    Raises:
        InputError: If there is no such file, or it is damaged or of another
            kind.
    """
    path = Path(path).expanduser()
    if not path.is_file():
        raise InputError(
            f'text embeddings: expected a file, found none at {path}. Write '
            'it by tools/model_converters/encode_text.py, which fetches the '
            'weights or takes a file of them; its --help has an example.'
        )
    try:
        with safe_open(path, framework='pt') as file:
            text = (file.metadata() or {}).get(_KEY)
            tensors = {name: file.get_tensor(name) for name in file.keys()}
    except (SafetensorError, OSError) as error:
        raise InputError(
            f'{path}: expected a safetensors file with text embeddings, found '
            f'one that is damaged or of another kind ({brief(error)}). '
            f'{_COMMAND}'
        ) from error
    if text is None or 'features' not in tensors:
        raise InputError(
            f'{path}: expected text embeddings, found a safetensors file with '
            f'{", ".join(map(brief, sorted(tensors)[:3])) or "nothing"}. '
            f'{_COMMAND}'
        )
    header = _header(text, path)
    embeddings = TextEmbeddings(
        names=tuple(header['names']),
        features=tensors['features'],
        prompts=_prompts(header['prompts']),
        encoder=header['encoder'],
        sha256=header['sha256'],
        logit_scale=header['logit_scale'],
        absent=tensors.get('absent'),
        absent_prompts=None
        if header['absent_prompts'] is None
        else _prompts(header['absent_prompts']),
    )
    _check(embeddings, str(path))
    return embeddings


def _header(text: str, path: Path) -> Mapping[str, Any]:
    """The JSON in the header, with all its keys and their kinds."""
    try:
        header = json.loads(text)
    except ValueError as error:
        raise InputError(
            f'{path}: expected JSON in the header, found {error}. {_COMMAND}'
        ) from None
    kinds = dict(
        version=int,
        names=list,
        prompts=list,
        absent_prompts=(list, type(None)),
        encoder=str,
        sha256=(str, type(None)),
        logit_scale=(float, type(None)),
    )
    for key, kind in kinds.items():
        found = header.get(key, ...) if isinstance(header, dict) else ...
        if not isinstance(found, kind):  # type: ignore[arg-type]
            raise InputError(
                f'{path}: expected {key} in the header, found '
                f'{"none" if found is ... else brief(found)}. {_COMMAND}'
            )
    if header['version'] != _VERSION:
        raise InputError(
            f'{path}: expected version {_VERSION} of the file, found '
            f'{brief(header["version"])}. {_COMMAND}'
        )
    return header


def _prompts(rows: Sequence[Any]) -> Prompts:
    """Lists as tuples; what is no list becomes an empty one."""
    return tuple(
        tuple(row) if isinstance(row, (list, tuple)) else () for row in rows
    )


def _check(embeddings: TextEmbeddings, source: str) -> None:
    names = embeddings.names
    if not names or not all(isinstance(n, str) and n.strip() for n in names):
        raise InputError(
            f'{source}: expected one name or more, none of them empty, found '
            f'{brief(list(names))}. {_COMMAND}'
        )
    _check_unique(names, source)
    _check_features(embeddings.features, 'features', len(names), source)
    _check_prompts(embeddings.prompts, 'prompts', names, source)
    absent, opposites = embeddings.absent, embeddings.absent_prompts
    if (absent is None) != (opposites is None):
        raise InputError(
            f'{source}: expected absent and absent_prompts together, found '
            f'{"absent_prompts" if absent is None else "absent"} alone. '
            f'{_COMMAND}'
        )
    if absent is not None and opposites is not None:
        _check_features(absent, 'absent', len(names), source)
        _check_prompts(opposites, 'absent_prompts', names, source)
        if absent.shape != embeddings.features.shape:
            raise InputError(
                f'{source}: expected absent of shape '
                f'{tuple(embeddings.features.shape)} as features, found '
                f'{tuple(absent.shape)}. {_COMMAND}'
            )
    if not embeddings.encoder:
        raise InputError(
            f'{source}: expected the name of the encoder, found none. '
            f'{_COMMAND}'
        )
    sha256, scale = embeddings.sha256, embeddings.logit_scale
    if sha256 is not None and not re.fullmatch('[0-9a-f]{64}', sha256):
        raise InputError(
            f'{source}: expected sha256 of 64 hexadecimal digits, found '
            f"'{sha256}'. {_COMMAND}"
        )
    if scale is not None and not 0 < scale < float('inf'):
        raise InputError(
            f'{source}: expected logit_scale above 0, found {scale}. '
            f'{_COMMAND}'
        )


def _check_unique(names: Sequence[str], source: str) -> None:
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise InputError(
            f"{source}: expected every name once, found '{twice[0]}' "
            f'{Counter(names)[twice[0]]} times'
        )


def _check_features(
    features: torch.Tensor, key: str, count: int, source: str
) -> None:
    if (
        features.dtype != torch.float32
        or features.ndim != 2
        or features.shape[0] != count
        or features.shape[1] < 1
    ):
        raise InputError(
            f'{source}: expected {key} float32 ({count}, D), one row for each '
            f'name, found {features.dtype} {tuple(features.shape)}. {_COMMAND}'
        )
    lengths = features.norm(dim=1)
    wrong = ~((lengths - 1).abs() <= _LENGTH_TOLERANCE)  # nan is wrong, too
    if wrong.any():
        row = int(wrong.nonzero()[0])
        raise InputError(
            f'{source}: expected rows of {key} with length 1, found '
            f'{lengths[row]:.4g} in row {row}, {int(wrong.sum())} such rows. '
            f'{_COMMAND}'
        )


def _check_prompts(
    prompts: Prompts, key: str, names: Sequence[str], source: str
) -> None:
    good = len(prompts) == len(names) and all(
        row and all(isinstance(text, str) and text for text in row)
        for row in prompts
    )
    if not good:
        raise InputError(
            f'{source}: expected {key} with a sentence or more for each of '
            f'{len(names)} names, found {len(prompts)} lists, '
            f'{sum(not row for row in prompts)} of them empty. {_COMMAND}'
        )
