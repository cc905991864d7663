"""Fenced blocks of a Markdown page, to be run as a reader would."""

import re
from dataclasses import dataclass

_FENCE = re.compile(
    r'^```(?P<language>\w+)?(?: title="(?P<title>[^"]+)")?\n'
    r'(?P<text>.*?)^```$',
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Block:
    """One fenced block.

    Attributes:
        language: Such as ``'bash'``; empty where none is named.
        title: Name of the file that the block is; empty where it is none.
        text: What stands in it.
        line: Number of its first line on the page.
    """

    language: str
    title: str
    text: str
    line: int


def fenced_blocks(page: str) -> list[Block]:
    """Fenced blocks of a page, in its order.

    Args:
        page: Markdown.

    Returns:
        The blocks.
    """
    return [
        Block(
            match['language'] or '',
            match['title'] or '',
            match['text'],
            page.count('\n', 0, match.start('text')) + 1,
        )
        for match in _FENCE.finditer(page)
    ]
