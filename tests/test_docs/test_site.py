"""The site builds without a warning and loads nothing from other hosts."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
import yaml

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec('mkdocs') is None
    or importlib.util.find_spec('material') is None,
    reason='mkdocs-material is not installed: '
    'bash tools/install.sh --extras docs',
)
PAGES = (  # of docs/, of a config folder, a generated one, the start
    'index.html',
    'docs/overview.html',
    'docs/model_zoo.html',
    'docs/models/caltech101.html',
    'configs/caltech101/index.html',
    'projects/voc_instance/index.html',
)


@pytest.fixture(scope='module')
def site(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site; warnings are errors."""
    folder = tmp_path_factory.mktemp('site')
    command = ['-m', 'mkdocs', 'build', '--strict', '--quiet', '-d']
    done = subprocess.run(
        [sys.executable, *command, str(folder)],
        cwd=repository,
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope='module')
def hooks(repository: Path) -> ModuleType:
    """The hooks of mkdocs.yml."""
    path = repository / 'tools/misc/site_hooks.py'
    spec = importlib.util.spec_from_file_location('site_hooks', path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_pages_load_nothing_from_elsewhere(site: Path) -> None:
    pages = list(site.rglob('*.html'))
    assert len(pages) > 30
    for page in pages:
        text = page.read_text('utf-8')
        loaded = re.findall(
            r'<(?:script|img|source|iframe)[^>]*src="([^"]*)', text
        )
        loaded += re.findall(
            r'<link[^>]*rel="stylesheet"[^>]*href="([^"]*)', text
        )
        assert loaded
        assert not [name for name in loaded if re.match(r'(https?:)?//', name)]
        # the theme would fetch mermaid for such a block
        assert 'class="mermaid"' not in text, page


@pytest.mark.parametrize('name', PAGES)
def test_links_of_a_page_lead_to_files(site: Path, name: str) -> None:
    page = site / name
    links = re.findall(r'(?:href|src)="([^"#]+)', page.read_text('utf-8'))
    local = [link for link in links if not re.match(r'[a-z]+:', link)]
    assert len(local) > 20
    for link in local:
        assert (page.parent / link).exists(), link


def test_code_and_results_are_there_to_look_at(
    site: Path, repository: Path
) -> None:
    for name in (
        'model-index.yml',
        'projects/caltech101_transfer/results/runs.csv',
    ):
        assert (site / name).read_bytes() == (repository / name).read_bytes()


def test_every_page_of_docs_is_in_the_menu(repository: Path) -> None:
    text = (repository / 'mkdocs.yml').read_text()
    _, _, menu = text.partition('\nnav:')
    content = yaml.safe_load(f'nav:{menu}')
    named = set(re.findall(r"'(docs/[^']+\.md)'", str(content)))
    pages = {
        path.relative_to(repository).as_posix()
        for path in repository.glob('docs/**/*.md')
    }
    assert named == pages


def test_pages_and_files_are_followed(
    hooks: ModuleType, tmp_path: Path
) -> None:
    (tmp_path / 'docs').mkdir()
    (tmp_path / 'code').mkdir()
    (tmp_path / 'README.md').write_text(
        '[a](docs/a.md#x) `[no](code/no.py)` ![p](p.png "title")\n'
        '[far](https://example.org/a.md) [folder](code)\n'
    )
    (tmp_path / 'docs' / 'a.md').write_text(
        '<img src="../q.svg">[b](../b.txt)'
    )
    (tmp_path / 'code' / 'README.md').write_text('[up](../README.md)')
    for name in ('p.png', 'q.svg', 'b.txt', 'code/no.py', 'unlinked.md'):
        (tmp_path / name).touch()
    assert hooks.linked_files(tmp_path) == {
        'README.md',
        'docs/a.md',
        'code/README.md',
        'p.png',
        'q.svg',
        'b.txt',
    }


def test_links_to_folders_lead_to_their_readme(
    hooks: ModuleType, tmp_path: Path
) -> None:
    (tmp_path / 'docs').mkdir()
    for name in ('with', 'without'):
        (tmp_path / name).mkdir()
    (tmp_path / 'with' / 'README.md').touch()
    text = (
        '[a](../with) [b](../with/#top) [c](../without) [d](a.md)\n'
        '```\n[e](../with)\n```\n`[f](../with)` [g](https://example.org)\n'
    )
    assert hooks.link_to_pages(text, 'docs/a.md', tmp_path) == (
        '[a](../with/README.md) [b](../with/README.md#top) c [d](a.md)\n'
        '```\n[e](../with)\n```\n`[f](../with)` [g](https://example.org)\n'
    )
