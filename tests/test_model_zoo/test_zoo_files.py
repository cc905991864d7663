"""Facts, costs and results that cannot be used are named; the rest is made."""

import runpy
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from mmvision_ext.model_zoo.build import check_zoo, write_zoo
from mmvision_ext.utils import InputError

COLLECTION = dict(
    name='Tiny',
    paper=dict(title='A paper', url='https://example.org'),
    training_data=['Dots'],
    about='Two nets.',
    use='Tests.',
    limits=['Tiny.'],
    licences=['None.'],
    models={
        'net_1xb4-2e_dots': dict(architecture='Net'),
        'net_zero-shot_dots': dict(architecture='Net', variant='zero-shot'),
    },
)
RUNS = (
    'group,label,config,overrides,seed,accuracy/top1,epochs,data\n'
    'A,plain,configs/tiny/net_1xb4-2e_dots.py,,0,50,2,"Dots, cut: 4"\n'
    'A,plain,configs/tiny/net_1xb4-2e_dots.py,,1,60,2,"Dots, cut: 4"\n'
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository of two configs, of which one has runs."""
    folder = tmp_path / 'configs' / 'tiny'
    folder.mkdir(parents=True)
    for name in COLLECTION['models']:
        (folder / f'{name}.py').touch()
    results = tmp_path / 'projects' / 'dots' / 'results'
    results.mkdir(parents=True)
    (results / 'runs.csv').write_text(RUNS)
    (results / 'summary.csv').write_text(
        'kind,label,accuracy/top1 mean\nchance,chance,25\n'
    )
    (tmp_path / 'configs' / 'model_costs.csv').write_text(
        'name,params,trainable,multiply_adds,input_size\n'
        'net_1xb4-2e_dots,2000000,1000000,3000000000,8x8\n'
        'net_zero-shot_dots,,,,\n'
    )
    return tmp_path


@pytest.fixture
def write_facts(root: Path) -> Callable[..., None]:
    """Write the facts, with some keys of the collection changed."""

    def write(**changes) -> None:
        content = dict(
            metrics={'Image Classification': {'accuracy/top1': 'Top 1'}},
            collections=dict(tiny={**COLLECTION, **changes}),
        )
        (root / 'configs' / 'model_zoo.yml').write_text(yaml.dump(content))

    write()
    return write


def test_files_are_made_and_then_right(root: Path, write_facts) -> None:
    with pytest.raises(InputError, match='model-index.yml.*tools/misc'):
        check_zoo(root)
    assert 'docs/models/tiny.md' in write_zoo(root)
    check_zoo(root)
    assert write_zoo(root) == []
    meta = yaml.safe_load((root / 'configs/tiny/metafile.yml').read_text())
    trained, zero_shot = meta['Models']
    assert trained['Metadata'] == {
        'Architecture': 'Net',
        'Training Data': 'Dots',
        'Batch Size': 4,
        'Epochs': 2,
        'Parameters': 2000000,
        'Trainable Parameters': 1000000,
        'FLOPs': 3000000000,
        'Input Size': 8,
    }
    [result] = trained['Results']
    assert result['Dataset'] == 'Dots, cut: 4'
    assert result['Metrics'] == {
        'Top 1': 55.0,
        'Top 1, standard deviation': 7.07,
        'Top 1, chance': 25.0,
    }
    assert 'Results' not in zero_shot and 'Epochs' not in zero_shot['Metadata']
    card = (root / 'docs/models/tiny.md').read_text()
    assert '55.0 ± 7.1' in card and '25.0' in card and '2.00' in card
    zoo = (root / 'docs/model_zoo.md').read_text()
    assert '2 configs, 1 of them measured' in zoo and 'not measured' in zoo


def test_a_new_run_makes_the_files_old(root: Path, write_facts) -> None:
    write_zoo(root)
    path = root / 'projects/dots/results/runs.csv'
    path.write_text(RUNS.replace(',60,', ',61,'))
    with pytest.raises(InputError, match='metafile.yml, docs/models/tiny.md'):
        check_zoo(root)


def test_equal_runs_of_two_studies_count_once(root: Path, write_facts) -> None:
    again = root / 'projects' / 'again' / 'results' / 'cut' / 'runs.csv'
    again.parent.mkdir(parents=True)
    again.write_text(RUNS.rpartition('A,')[0])  # one seed of the two
    write_zoo(root)
    text = (root / 'configs/tiny/metafile.yml').read_text()
    assert text.count('Seeds: 2') == text.count('Seeds:') == 1


def test_runs_on_other_data_are_results_of_their_own(
    root: Path, write_facts
) -> None:
    full = RUNS.replace('Dots, cut: 4', 'Dots, full')
    path = root / 'projects/dots/results/runs.csv'
    path.write_text(RUNS + full.partition('\n')[2])
    other = root / 'projects/again/results/runs.csv'
    other.parent.mkdir(parents=True)
    other.write_text(full)
    write_zoo(root)
    meta = yaml.safe_load((root / 'configs/tiny/metafile.yml').read_text())
    datasets = [item['Dataset'] for item in meta['Models'][0]['Results']]
    assert sorted(datasets) == ['Dots, cut: 4', 'Dots, full']


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        (dict(models={}), 'models: expected configs'),
        (
            dict(models={'net_1xb4-2e_dots': dict(architecture='Net')}),
            'none named net_zero-shot_dots. Add it',
        ),
        (
            dict(
                models={
                    **COLLECTION['models'],
                    'net_1xb4-3e_dots': dict(architecture='Net'),
                }
            ),
            "no config .*3e_dots.py; did you mean 'net_1xb4-2e_dots'",
        ),
        (dict(limits='one'), 'limits: expected a list'),
        (dict(licensez='x'), "no key 'licensez'"),
    ],
)
def test_wrong_facts_are_named(
    root: Path, write_facts, changes: dict, message: str
) -> None:
    write_facts(**changes)
    with pytest.raises(InputError, match=message):
        write_zoo(root)


def test_wrong_costs_and_results_are_named(root: Path, write_facts) -> None:
    costs = root / 'configs/model_costs.csv'
    text = costs.read_text()
    costs.write_text(text.replace('2000000', '2 M'))
    with pytest.raises(InputError, match='column params of net_1xb4.*2 M'):
        write_zoo(root)
    costs.write_text(text.rpartition('net_zero')[0])
    with pytest.raises(InputError, match='--count configs/tiny/net_zero'):
        write_zoo(root)
    costs.write_text(text)
    runs = root / 'projects/dots/results/runs.csv'
    runs.write_text(RUNS.replace(',60,', ',sixty,'))
    with pytest.raises(InputError, match="accuracy/top1, found 'sixty'"):
        write_zoo(root)


def test_epochs_and_labels_of_results(root: Path, write_facts) -> None:
    runs = root / 'projects/dots/results/runs.csv'
    runs.write_text(RUNS.replace(',2,', ',two,'))
    with pytest.raises(InputError, match="column epochs, found 'two'"):
        write_zoo(root)
    runs.write_text(RUNS)
    facts = root / 'configs' / 'model_zoo.yml'
    content = yaml.safe_load(facts.read_text())
    other = 'projects/dots/results/other.csv'
    (root / other).write_text(RUNS)
    for labels, message in (
        ('told', "labels: expected a list, found 'told'"),
        (['told'], "other.csv: expected a column 'told'"),
    ):
        sources = {other: dict(labels=labels)}
        facts.write_text(yaml.dump({**content, 'sources': sources}))
        with pytest.raises(InputError, match=message):
            write_zoo(root)
    facts.write_text(yaml.dump({**content, 'fractions': ['Detection']}))
    with pytest.raises(InputError, match="fractions: no task 'Detection'"):
        write_zoo(root)


def test_the_tool_checks(repository: Path, monkeypatch, capsys) -> None:
    tool = str(repository / 'tools/misc/model_zoo.py')
    monkeypatch.setattr(sys, 'argv', [tool, '--check'])
    runpy.run_path(tool, run_name='__main__')
    assert capsys.readouterr().out == 'up to date\n'
