"""Questions about attributes, such as ``metal and not indoor``."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mmvision_ext.utils import InputError
from mmvision_ext.utils.nearest import did_you_mean

MAX_LENGTH = 2000  # characters

#: The operators; one with a larger number binds closer.
OPERATORS = {'or': 1, 'and': 2, 'not': 3}

_TOKEN = re.compile(r'[()]|"[^"]*"|[^\s()"]+')


class _Token(NamedTuple):
    """An operator or parenthesis, or else a name; and its place in the text,
    from 1."""

    text: str
    is_name: bool
    place: int


@dataclass(frozen=True)
class AttributeQuestion:
    """A question that was read.

    Attributes:
        text: As it was written.
        steps: Columns of attributes, and operators behind what they work on.
    """

    text: str
    steps: tuple[int | str, ...]

    @property
    def columns(self) -> tuple[int, ...]:
        """The attributes asked for, each once, as they come."""
        return tuple(
            dict.fromkeys(step for step in self.steps if isinstance(step, int))
        )

    def answer(self, scores: NDArray[np.float32]) -> NDArray[np.float32]:
        """How well each image fits.

        The operators are those of fuzzy logic (Zadeh, "Fuzzy Sets", 1965):
        ``a and b`` is the smaller, ``a or b`` the larger, ``not a`` is
        1 - a. So ``a and a`` is ``a``, and the laws of De Morgan hold.

        Args:
            scores: Of N images and A attributes, from 0 to 1, shape (N, A).

        Returns:
            From 0 to 1, shape (N,).
        """
        stack: list[NDArray[np.float32]] = []
        for step in self.steps:
            if isinstance(step, int):
                stack.append(scores[:, step])
            elif step == 'not':
                stack.append(1 - stack.pop())
            else:
                combine = np.minimum if step == 'and' else np.maximum
                stack.append(combine(stack.pop(), stack.pop()))
        return stack.pop()


def read_question(text: str, names: Sequence[str]) -> AttributeQuestion:
    """Read a question, without running anything.

    ``not`` binds closer than ``and``, which binds closer than ``or``;
    parentheses as usual. Names may have spaces and hyphens, as in ``not road
    vehicle``; those with an operator or a parenthesis in them stand in
    ``"``. Capitals matter only where names differ in nothing else.

    Args:
        text: The question.
        names: Names of the A attributes.

    Returns:
        The question, its columns from 0 to A - 1.

    Raises:
        InputError: It is empty or too long, is malformed, or has a name that
            is none of the attributes.
    """
    if len(text) > MAX_LENGTH:
        raise InputError(
            f'attributes: expected at most {MAX_LENGTH} characters, found '
            f'{len(text)}.'
        )
    steps: list[int | str] = []
    waiting: list[_Token] = []  # operators and parentheses that are open
    after_value = False
    for token in _tokens(text):
        if token.is_name or token.text in ('not', '('):
            if after_value:
                raise _fault(text, token, 'and, or or )')
            if token.is_name:
                steps.append(find_name(token.text, names))
            else:
                waiting.append(token)
            after_value = token.is_name
            continue
        if not after_value:
            raise _fault(text, token, 'an attribute, not or (')
        if token.text == ')':
            while waiting and waiting[-1].text != '(':
                steps.append(waiting.pop().text)
            if not waiting:
                raise _fault(text, token, 'as many ( before it')
            waiting.pop()
        else:
            level = OPERATORS[token.text]
            while waiting and OPERATORS.get(waiting[-1].text, 0) >= level:
                steps.append(waiting.pop().text)
            waiting.append(token)
            after_value = False
    if not after_value:
        end = _Token('the end', False, len(text) + 1)
        raise _fault(text, end, 'an attribute')
    for token in reversed(waiting):
        if token.text == '(':
            raise _fault(text, token, 'a ) behind each (')
        steps.append(token.text)
    return AttributeQuestion(text, tuple(steps))


def find_name(name: str, names: Sequence[str]) -> int:
    """Place of an attribute by the name that a user writes.

    Args:
        name: The name.
        names: Names of the attributes.

    Returns:
        Its index. Of names that differ in capitals alone, the one written
        exactly so.

    Raises:
        InputError: It is none of the names, or could be several.
    """
    if name in names:
        return list(names).index(name)
    found = [
        index
        for index, other in enumerate(names)
        if other.casefold() == name.casefold()
    ]
    if len(found) == 1:
        return found[0]
    raise InputError(
        f"attributes: expected one of the index's {len(names)} names, found "
        f'{name[:80]!r}{did_you_mean(name[:80], names, 3) or "."} Join names '
        'by and, or, not.'
    )


def _tokens(text: str) -> list[_Token]:
    """Take a text apart; words beside each other are one name."""
    if text.count('"') % 2:
        place = text.rindex('"')
        raise _fault(text, _Token('"', False, place + 1), 'a second " behind')
    tokens: list[_Token] = []
    words = False  # whether the last token is a name without quotes
    for match in _TOKEN.finditer(text):
        part, place = match.group(), match.start() + 1
        is_quoted = part.startswith('"')
        is_word = not (is_quoted or part in '()' or part.lower() in OPERATORS)
        if is_word and words:
            last = tokens.pop()
            tokens.append(_Token(f'{last.text} {part}', True, last.place))
        elif is_word or is_quoted:
            tokens.append(_Token(part.strip('"'), True, place))
        else:
            tokens.append(_Token(part.lower(), False, place))
        words = is_word
    return tokens


def _fault(text: str, token: _Token, expected: str) -> InputError:
    shown = text if len(text) <= 80 else f'{text[:80]}...'
    return InputError(
        f'attributes: expected {expected}, found {token.text[:80]} at '
        f'character {token.place} of: {shown}'
    )
