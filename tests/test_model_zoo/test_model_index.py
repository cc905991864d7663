"""The model index that is checked in: complete, true and readable."""

import csv
import statistics
from pathlib import Path
from typing import Any

import pytest
from mmengine.fileio import load
from modelindex.load_model_index import load as load_index

from mmvision_ext.model_zoo.build import check_zoo
from mmvision_ext.model_zoo.facts import read_facts
from mmvision_ext.model_zoo.results import read_results

COLUMNS = {
    'Top 1 Accuracy': ('accuracy/top1', 1),
    'mAP': ('attributes/mAP', 1),
    'box AP': ('box_map', 100),
    'mask AP50': ('mask_ap50', 100),
}


@pytest.fixture(scope='module')
def models(repository: Path) -> list[dict[str, Any]]:
    """Entries of all metafiles that the index imports."""
    files = load(repository / 'model-index.yml')['Import']
    return [
        entry for file in files for entry in load(repository / file)['Models']
    ]


def test_nothing_is_out_of_date(repository: Path) -> None:
    """Else: python tools/misc/model_zoo.py"""
    check_zoo(repository)


def test_every_config_has_one_entry(repository: Path, models) -> None:
    configs = sorted(
        path.relative_to(repository).as_posix()
        for path in repository.glob('configs/*/*.py')
        if path.parent.name != '_base_'
    )
    assert len(configs) > 100
    assert sorted(entry['Config'] for entry in models) == configs
    for entry in models:
        assert Path(entry['Config']).stem == entry['Name']
        assert 'Weights' not in entry


def test_openmmlab_reads_the_index(
    repository: Path, models, monkeypatch
) -> None:
    monkeypatch.chdir(repository)
    index = load_index('model-index.yml')
    index.build_models_with_collections()
    # OpenMMLab's paths begin at the repository, modelindex's at the metafile.
    faults = index.check(silent=True)
    assert [fault for fault in faults if 'README file' not in fault] == []
    assert len(index.models) == len(models)
    first = index.models[0]
    assert first.full_model.paper['URL'].startswith('https://')
    for collection in index.collections:
        assert Path(collection.readme).is_file()


def test_numbers_are_those_of_the_runs(repository: Path, models) -> None:
    """Means over the rows of the file that the entry names."""
    compared = 0
    for entry in models:
        for result in entry.get('Results', ()):
            conditions = result['Conditions']
            path = repository / conditions['Source']
            with path.open(newline='') as file:
                rows = [
                    row
                    for row in csv.DictReader(file)
                    if row['config'] == entry['Config']
                    and row.get('label', '') == conditions.get('Label', '')
                    and row.get('overrides', '')
                    == conditions.get('Settings', '')
                ]
            for name, (column, scale) in COLUMNS.items():
                if name not in result['Metrics'] or not (
                    rows and column in rows[0]
                ):
                    continue
                values = [scale * float(row[column]) for row in rows]
                assert len(values) == conditions['Seeds']
                assert result['Metrics'][name] == pytest.approx(
                    statistics.mean(values), abs=0.005001
                )
                compared += 1
    assert compared >= 50


def test_no_run_is_left_out(repository: Path) -> None:
    """Every config with a row in a study's runs.csv has results."""
    found = read_results(repository, read_facts(repository))
    for path in repository.glob('projects/*/results/**/runs.csv'):
        with path.open(newline='') as file:
            for row in csv.DictReader(file):
                assert row['config'] in found, path
