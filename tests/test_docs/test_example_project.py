"""The README of the study template is followed to the letter."""

import csv
import os
import shutil
from pathlib import Path

import pytest
import yaml

from mmvision_ext.studies.search import read_search
from mmvision_ext.testing.markdown_blocks import fenced_blocks

PROJECT = Path('projects/example_project')


@pytest.fixture
def commands(repository: Path, checkout: Path) -> str:
    """The README's commands; results go into a copy of the project."""
    (checkout / 'projects').unlink()
    shutil.copytree(
        repository / PROJECT,
        checkout / PROJECT,
        ignore=shutil.ignore_patterns('results'),
    )
    readme = (repository / PROJECT / 'README.md').read_text('utf-8')
    study, search = fenced_blocks(readme)
    assert study.language == 'bash' and '--dry-run' in study.text
    assert (
        search.text.strip() == f'python tools/search.py {PROJECT}/search.yaml'
    )
    return study.text


def _rows(checkout: Path) -> list[dict[str, str]]:
    results = checkout / PROJECT / 'results'
    assert (results / 'summary.md').is_file()
    assert (results / 'bars.png').stat().st_size > 10_000
    with (results / 'runs.csv').open(newline='') as file:
        return list(csv.DictReader(file))


def test_readme_with_one_short_run(checkout: Path, commands, run) -> None:
    """Commands as they stand; the study is cut to one run of one epoch."""
    path = checkout / PROJECT / 'study.yaml'
    study = yaml.safe_load(path.read_text())
    study.update(
        seeds=[0],
        configs=study['configs'][:1],
        overrides={'train_cfg.max_epochs': 1},
    )
    path.write_text(yaml.dump(study))
    printed = run(commands)
    assert '480 images in work_dirs/example_data' in printed
    [row] = _rows(checkout)
    assert row['seed'] == '0' and float(row['accuracy/top1']) > 8.33


def test_its_search_can_be_read(repository: Path, monkeypatch) -> None:
    monkeypatch.chdir(repository)
    search = read_search(PROJECT / 'search.yaml')
    assert Path(search.config).is_file() and search.trials == 6


@pytest.mark.skipif(
    os.environ.get('MMVISION_EXT_LONG_TESTS') != '1',
    reason='takes minutes: set MMVISION_EXT_LONG_TESTS=1',
)
def test_readme_as_it_stands(checkout: Path, commands, run) -> None:
    run(commands)
    rows = _rows(checkout)
    assert len(rows) == 4
    assert {row['label'] for row in rows} == {'rate 0.05', 'rate 0.005'}
    # "The same command again trains nothing and draws the results anew."
    before = [row['finished'] for row in rows]
    run(commands.strip().splitlines()[-1])
    assert [row['finished'] for row in _rows(checkout)] == before
