"""The command line that serves the page."""

import runpy
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, repository: Path):
    """Run the command line."""

    def start(*arguments: object) -> None:
        words = ['webapp.py', *map(str, arguments)]
        monkeypatch.setattr(sys, 'argv', words)
        path = repository / 'projects' / 'demo' / 'webapp.py'
        runpy.run_path(str(path), run_name='__main__')

    return start


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        ([], 'expected --models, --model or --index, found none'),
        (['--models', 'no'], 'expected a folder, found none at no'),
        (['--model', 'a=b'], 'expected NAME=CONFIG.py:CHECKPOINT'),
        (['--model', 'no.py:no.pth'], 'expected a file, found none at no.py'),
        (['--index', 'no'], 'expected a folder with index.json'),
        (['--models', 'no', '--max-mb', '0'], '--max-mb: expected at least'),
    ],
)
def test_arguments_that_cannot_be_used(
    run, capsys: pytest.CaptureFixture, arguments: list[str], message: str
) -> None:
    pytest.importorskip('gradio', reason='the extra demo is not installed')
    with pytest.raises(SystemExit) as caught:
        run(*arguments)
    assert caught.value.code == 2
    assert message in capsys.readouterr().err


def test_without_gradio_the_extra_is_named(
    run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, 'gradio', None)
    monkeypatch.delitem(
        sys.modules, 'mmvision_ext.webapp.server', raising=False
    )
    with pytest.raises(SystemExit):
        run('--models', 'no')
    assert '--extras demo' in capsys.readouterr().err


def test_the_page_has_what_is_named(
    run,
    models_folder: Path,
    index_folder: Path,
    examples_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
) -> None:
    pytest.importorskip('gradio', reason='the extra demo is not installed')
    from mmvision_ext.webapp import server

    seen: dict[str, Any] = {}

    @contextmanager
    def serve(build, host, port, size) -> Iterator[SimpleNamespace]:
        seen.update(host=host, port=port, size=size)
        seen['types'] = [
            block.__class__.__name__
            for block in build(tmp_path).blocks.values()
        ]
        yield SimpleNamespace(url='http://127.0.0.1:7860/')

    monkeypatch.setattr(server, 'serving', serve)
    monkeypatch.setattr(server, 'wait', lambda: None)
    folder = models_folder / 'more' / 'animals'
    run(
        '--model',
        f'mine={folder}/config.py:{folder}/epoch_1.pth',
        '--models',
        models_folder / 'shapes',
        '--index',
        index_folder,
        '--examples',
        examples_folder,
        '--max-mb',
        3,
        '--device',
        'cpu',
    )
    size = 3 * 2**20
    assert {**seen, 'types': 0} == dict(
        host='127.0.0.1', port=None, size=size, types=0
    )
    # Attributes and Words have no model: each says which commands make one.
    assert seen['types'].count('Code') == 2
    assert '2 model(s); the page: http://127.0.0.1:7860' in (
        capsys.readouterr().out
    )
