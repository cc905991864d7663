"""Sentences for the names of classes and attributes."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmvision_ext.datasets.json_files import read_json
from mmvision_ext.utils import InputError, brief
from mmvision_ext.utils.nearest import nearest

from .embeddings import Prompts

_FOLDER = Path(__file__).parents[2] / 'datasets' / 'metadata'
_SUFFIX = '_phrases.json'
_ARTICLES = ('a ', 'an ', 'the ')
# Words that begin with the sound of a vowel: with its letter, but those that
# begin as 'you' or 'won' do, and those with a silent h.
_SPOKEN_VOWEL = re.compile(
    r'(?!eu|ewe|one\b|ufo|uk|uni(?!den|m|n|r|ss)|ur[aio]|us[aeu]|ut[eio])'
    r'[aeiou]|heir|honest|honou?r|hour',
    re.IGNORECASE,
)
_TEMPLATES = _FOLDER / 'prompt_templates.json'


@dataclass(frozen=True)
class Phrases:
    """Names of a vocabulary and how they read in a sentence.

    Attributes:
        present: Name to phrase: ``'Metal': 'an object made of metal'``.
        absent: Name to the phrase of its opposite; None where the vocabulary
            has none.
    """

    present: dict[str, str]
    absent: dict[str, str] | None


def vocabularies() -> list[str]:
    """Names of the vocabularies that the package has phrases for."""
    return sorted(
        path.name.removesuffix(_SUFFIX) for path in _FOLDER.glob(f'*{_SUFFIX}')
    )


def templates() -> dict[str, tuple[str, ...]]:
    """The sets of templates, each with a sentence or more around ``{}``."""
    return {
        name: tuple(sentences)
        for name, sentences in read_json(_TEMPLATES)['templates'].items()
    }


def read_phrases(vocabulary: str) -> Phrases:
    """Read the phrases of a vocabulary.

    The file is a JSON object. ``phrases`` gives each name either its phrase,
    or ``[pattern, words]``; ``patterns`` gives each pattern its phrase around
    ``{}``, and that of the opposite.

    Args:
        vocabulary: One of :func:`vocabularies`, or a JSON file.

    Returns:
        Names and phrases, in the order of the file.

    Raises:
        InputError: If there is no such vocabulary, or the file is malformed or
            has a name twice.
    """
    path = _FOLDER / f'{vocabulary}{_SUFFIX}'
    if vocabulary.endswith('.json'):
        path = Path(vocabulary)
        if not path.is_file():
            raise InputError(
                f'vocabulary: expected a file, found none at {path}'
            )
    elif vocabulary not in vocabularies():
        raise InputError(
            'vocabulary: expected a JSON file or one of the package, found '
            f"'{vocabulary}'{nearest(vocabulary, vocabularies())}"
        )
    content = read_json(path, unique=True)
    found = content.get('phrases') if isinstance(content, dict) else None
    if not isinstance(found, dict) or not found:
        raise InputError(
            f'{path}: expected phrases, an object of names, found '
            f'{type(found).__name__}'
        )
    patterns = content.get('patterns', {})
    if not isinstance(patterns, dict):
        raise InputError(
            f'{path}: expected patterns, an object of lists, found '
            f'{brief(patterns)}'
        )
    pairs = {
        name: _pair(name, entry, patterns, path)
        for name, entry in found.items()
    }
    opposites = {name: absent for name, (_, absent) in pairs.items() if absent}
    if opposites and len(opposites) < len(pairs):
        lone = next(name for name in pairs if name not in opposites)
        raise InputError(
            f'{path}, phrases: expected an opposite of every name, found none '
            f'of {brief(lone)}; give its pattern two phrases, or none of '
            'them two'
        )
    return Phrases(
        {name: present for name, (present, _) in pairs.items()},
        opposites or None,
    )


def _with_article(word: str) -> str:
    if word.lower().startswith(_ARTICLES):
        return word
    return f'{"an" if _SPOKEN_VOWEL.match(word) else "a"} {word}'


def _pair(
    name: str, entry: Any, patterns: Mapping[str, Any], path: Path
) -> tuple[str, str]:
    """Phrase of a name and of its opposite; '' where there is none."""
    if isinstance(entry, str) and entry.strip() and name.strip():
        return entry, ''
    if (
        isinstance(entry, list)
        and len(entry) == 2
        and isinstance(entry[0], str)
        and isinstance(entry[1], str)
        and name.strip()
        and entry[1].strip()
    ):
        pattern = patterns.get(entry[0])
        if (
            isinstance(pattern, list)
            and len(pattern) in (1, 2)
            and all(
                isinstance(part, str) and part.count('{}') == 1
                for part in pattern
            )
        ):
            present, *absent = (
                part.replace('{}', entry[1]) for part in pattern
            )
            return present, absent[0] if absent else ''
    raise InputError(
        f'{path}, phrases: expected a phrase of {brief(name)}, or [pattern, '
        f'words] with one of the patterns {brief(sorted(patterns))}, each a '
        f'list of one or two phrases with {{}}, found {brief(entry)}'
    )


def phrases_of(words: Sequence[str]) -> Phrases:
    """Phrases of words that no vocabulary has.

    Args:
        words: Such as ``'ship'`` or ``'a parking lot'``; a word without an
            article gets one.

    Returns:
        Every word with its phrase, and without opposites.

    Raises:
        InputError: If there is no word, an empty one, or one comes twice,
            spaces aside.
    """
    if (
        isinstance(words, str)
        or not isinstance(words, Sequence)
        or not words
        or not all(isinstance(word, str) and word.strip() for word in words)
    ):
        raise InputError(
            'words: expected one word or more, none of them empty, found '
            f'{words!r}'
        )
    counts = Counter(' '.join(word.split()) for word in words)
    twice = [word for word, count in counts.items() if count > 1]
    if twice:
        raise InputError(
            f"words: expected every word once, found '{twice[0]}' again"
        )
    return Phrases({word: _with_article(word) for word in words}, None)


def template_set(name: str) -> tuple[str, ...]:
    """One set of templates.

    Args:
        name: A key of :func:`templates`.

    Returns:
        Sentences with ``{}`` in each.

    Raises:
        InputError: If there is no such set.
    """
    known = templates()
    if name not in known:
        raise InputError(
            f"templates: expected a set of the package, found '{name}'"
            f'{nearest(name, known)}'
        )
    return known[name]


def sentences_behind(prompts: Prompts) -> tuple[str, ...] | None:
    """The templates that prompts were made by.

    Args:
        prompts: Those of K names, as in an embedding file.

    Returns:
        Sentences of one of :func:`templates`; None where the prompts are of
        other templates.
    """
    for sentences in templates().values():
        if all(_is_filled(row, sentences) for row in prompts):
            return sentences
    return None


def _is_filled(row: Sequence[str], sentences: Sequence[str]) -> bool:
    """Whether these are the sentences around one phrase."""
    if len(row) != len(sentences):
        return False
    head, tail = sentences[0].split('{}')
    phrase = row[0].removeprefix(head).removesuffix(tail)
    return tuple(row) == fill([phrase], sentences)[0]


def fill(phrases: Sequence[str], sentences: Sequence[str]) -> Prompts:
    """Put phrases into sentences.

    Args:
        phrases: K phrases.
        sentences: T templates, ``{}`` once in each.

    Returns:
        K rows of T prompts.

    Raises:
        InputError: If a template has no ``{}``, or several.
    """
    for sentence in sentences:
        if sentence.count('{}') != 1:
            raise InputError(
                f"template: expected {{}} once, found '{sentence}'"
            )
    return tuple(
        tuple(sentence.replace('{}', phrase) for sentence in sentences)
        for phrase in phrases
    )
