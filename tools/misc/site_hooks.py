"""Hooks of mkdocs: the site has the layout of the repository.

Pages are README.md, docs/, the READMEs of configs, projects and benchmarks,
and every Markdown file that one of them links to; other files that they link
to are copied. So a relative link leads to the same file on GitHub and on the
site.
"""

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from posixpath import normpath
from urllib.parse import unquote

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[2]
START = (
    'README.md',
    'CHANGELOG.md',
    'docs/**/*.md',
    'docs/style.css',
    'configs/*/README.md',
    'projects/*/README.md',
    'tools/benchmarks/README.md',
)
_CODE = re.compile(r'^(```|~~~).*?^\1|`[^`\n]+`', re.MULTILINE | re.DOTALL)
_LINK = re.compile(r'\[([^\]]*)\]\(\s*<?([^)\s>]+)([^)]*)\)')
_SOURCE = re.compile(r'\bsrc="([^"]+)"')


def linked_files(root: Path) -> set[str]:
    """Files that belong to the site.

    Args:
        root: The repository.

    Returns:
        Their paths in the repository.
    """
    found: set[str] = set()
    waiting = [
        path.relative_to(root).as_posix()
        for pattern in START
        for path in root.glob(pattern)
    ]
    while waiting:
        name = waiting.pop()
        if name in found or not (root / name).is_file():
            continue
        found.add(name)
        if name.endswith('.md'):
            text = (root / name).read_text(encoding='utf-8')
            waiting += [
                _readme(root, _resolve(name, target))
                for target in _targets(text)
            ]
    return found


def link_to_pages(text: str, name: str, root: Path) -> str:
    """Lead links to folders to their README.md, or nowhere without one.

    Args:
        text: Markdown of a page.
        name: Its path in the repository.
        root: The repository.

    Returns:
        The Markdown.
    """

    def replace(match: re.Match[str]) -> str:
        label, target, rest = match.groups()
        path, hash_sign, anchor = target.partition('#')
        if ':' in path or not (root / _resolve(name, path)).is_dir():
            return match[0]
        page = PurePosixPath(path, 'README.md')
        if not (root / _resolve(name, str(page))).is_file():
            return label
        return f'[{label}]({page}{hash_sign}{anchor}{rest})'

    pieces, end = [], 0
    for code in _CODE.finditer(text):
        pieces += [_LINK.sub(replace, text[end : code.start()]), code[0]]
        end = code.end()
    return ''.join([*pieces, _LINK.sub(replace, text[end:])])


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Take the files of the repository in the place of those of docs/."""
    theirs = [file for file in files if file.src_dir != config.docs_dir]
    ours = [
        File.generated(config, name, abs_src_path=str(ROOT / name))
        for name in sorted(linked_files(ROOT))
    ]
    return Files([*theirs, *ours])


def on_page_markdown(
    markdown: str, page: Page, config: MkDocsConfig, files: Files
) -> str:
    """Mend links to folders."""
    return link_to_pages(markdown, page.file.src_uri, ROOT)


def _targets(text: str) -> Iterator[str]:
    """Relative targets of links and pictures, without their anchors."""
    text = _CODE.sub('', text)
    for target in [
        *(match[2] for match in _LINK.finditer(text)),
        *_SOURCE.findall(text),
    ]:
        path = target.partition('#')[0]
        if path and not re.match(r'[a-z][a-z+.-]*:', path):
            yield unquote(path)


def _resolve(name: str, target: str) -> str:
    """Path in the repository of a relative target on a page."""
    return normpath(str(PurePosixPath(name).parent / target))


def _readme(root: Path, name: str) -> str:
    return f'{name}/README.md' if (root / name).is_dir() else name
