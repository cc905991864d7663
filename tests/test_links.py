"""Relative links in the Markdown files lead somewhere."""

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted(
    page
    for pattern in (
        'README*.md',
        'docs/**/*.md',
        'configs/*/README.md',
        'projects/*/README.md',
    )
    for page in ROOT.glob(pattern)
)
_CODE = re.compile(r'^(```|~~~).*?^\1|`[^`\n]+`', re.MULTILINE | re.DOTALL)
_LINKS = re.compile(
    r'\]\(\s*<?([^)\s>]+)'  # [text](target) and ![text](target)
    r'|^\[[^\]]+\]:\s*<?([^\s>]+)'  # [name]: target
    r'|\b(?:src|href)="([^"]+)"',  # <img src="target">
    re.MULTILINE,
)


def _lost(text: str, folder: Path) -> list[str]:
    """Relative links of a page that lead nowhere; headings do not count."""
    targets = (
        target
        for groups in _LINKS.findall(_CODE.sub('', text))
        for target in groups
        if target
    )
    return [
        target
        for target in targets
        if not re.match(r'[a-z][a-z+.-]*:', target)  # https:, mailto:
        and (path := unquote(target.partition('#')[0]))
        and not (folder / path).exists()
    ]


def test_lost_links_are_found(tmp_path: Path) -> None:
    (tmp_path / 'a b.md').touch()
    text = (
        '[a](a%20b.md#top) [b](#here) [c](https://example.org/x) '
        '![d](gone.png "title")\n<img src="lost.png">\n[e]: away.md\n'
        '`[f](code.md)`\n```\n[g](code.md)\n```\n'
    )
    assert _lost(text, tmp_path) == ['gone.png', 'lost.png', 'away.md']


def test_there_are_pages() -> None:
    assert ROOT / 'README.md' in PAGES and len(PAGES) >= 5


@pytest.mark.parametrize(
    'page', PAGES, ids=lambda page: str(page.relative_to(ROOT))
)
def test_links_lead_somewhere(page: Path) -> None:
    assert _lost(page.read_text(encoding='utf-8'), page.parent) == []
