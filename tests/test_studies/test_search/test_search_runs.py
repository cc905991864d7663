"""Trials are trained like runs, resumed like runs, and told apart."""

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from mmvision_ext.studies.search import (
    Range,
    read_search,
    run_search,
    write_trials,
)
from mmvision_ext.utils import InputError

optuna = pytest.importorskip('optuna')

# metric: 3 epochs x gain + 0.1 x seed ** 2
CONFIG = """
model = dict(gain=10.0, behaviour='train')
train_cfg = dict(by_epoch=True, max_epochs=3)
optim_wrapper = dict(optimizer=dict(lr=0.1))
randomness = dict(seed=None)
"""


@pytest.fixture
def search_file(tmp_path: Path) -> Callable[..., Path]:
    """Write a search file; arguments change it."""
    config = tmp_path / 'stub.py'
    config.write_text(CONFIG)

    def call(**changes: object) -> Path:
        content = dict(
            name='stub',
            data='the cut',
            config=str(config),
            metric='accuracy/top1',
            trials=4,
            seed=1,
            space={
                'model.gain': dict(low=1.0, high=5.0),
                'optim_wrapper.optimizer.lr': dict(
                    low='1e-4', high='1e-1', log=True
                ),
            },
        )
        path = tmp_path / 'search.yaml'
        path.write_text(yaml.safe_dump({**content, **changes}))
        return path

    return call


@pytest.fixture
def stub() -> str:
    """What stands in for tools/train.py."""
    return str(Path(__file__).parents[1] / 'stub_train.py')


def test_trials_and_their_table(search_file, stub, tmp_path: Path) -> None:
    search = read_search(search_file())
    trials = list(run_search(search, stub, tmp_path / 'runs'))
    assert [number for number, _, _ in trials] == [0, 1, 2, 3]
    for _, values, value in trials:
        assert 1 <= values['model.gain'] <= 5
        assert 1e-4 <= values['optim_wrapper.optimizer.lr'] <= 1e-1
        assert value == pytest.approx(3 * values['model.gain'] + 0.1)
    again = list(run_search(search, stub, tmp_path / 'runs'))
    assert again == trials
    assert len(list((tmp_path / 'runs').glob('trial-*/start_*'))) == 4
    table, page, chart = write_trials(search, trials, tmp_path / 'out')
    with table.open() as file:
        rows = list(csv.DictReader(file))
    found = [float(row['accuracy/top1']) for row in rows]
    assert found == sorted(found, reverse=True)
    assert 'no measure of how good' in page.read_text()
    assert chart.stat().st_size


@pytest.mark.parametrize('goal', ['maximize', 'minimize'])
def test_optuna_knows_the_goal_and_the_space(
    search_file, stub, tmp_path: Path, goal: str
) -> None:
    space = {
        'model.gain': dict(low=1, high=5, log=True),
        'optim_wrapper.optimizer.lr': dict(low=1e-4, high=1e-1, log=True),
    }
    search = read_search(search_file(goal=goal, trials=1, space=space))
    list(run_search(search, stub, tmp_path / 'runs'))
    backend = optuna.storages.journal.JournalFileBackend(
        str(tmp_path / 'runs' / 'journal.log')
    )
    study = optuna.load_study(
        study_name='stub', storage=optuna.storages.JournalStorage(backend)
    )
    assert study.direction.name.lower() == goal
    [trial] = study.trials
    assert trial.distributions == {
        'model.gain': optuna.distributions.IntDistribution(1, 5, log=True),
        'optim_wrapper.optimizer.lr': optuna.distributions.FloatDistribution(
            1e-4, 1e-1, log=True
        ),
    }


def test_more_trials_go_on(search_file, stub, tmp_path: Path) -> None:
    overrides = {'train_cfg.scale': [2, 1]}
    few = read_search(search_file(trials=2, overrides=overrides))
    first = list(run_search(few, stub, tmp_path / 'runs'))
    more = read_search(search_file(trials=3, overrides=overrides))
    trials = list(run_search(more, stub, tmp_path / 'runs'))
    assert trials[:2] == first and len(trials) == 3
    gains = {values['model.gain'] for _, values, _ in trials}
    assert len(gains) == 3  # nothing is proposed twice


@pytest.mark.parametrize(
    ('changes', 'match'),
    [
        (dict(metric='accuracy/top5'), "metric: expected 'accuracy/top1' as"),
        (dict(goal='minimize'), "goal: expected 'maximize' as in the trials"),
        (dict(seed=2), 'seed: expected 1 as in the trials'),
        (dict(overrides={'train_cfg.max_epochs': 2}), 'overrides: expected'),
        (
            dict(space={'model.gain': dict(choices=[1.0, 2.0, 3.0])}),
            'choices: expected',
        ),
    ],
)
def test_trials_of_another_search_are_refused(
    search_file, stub, tmp_path: Path, changes: dict, match: str
) -> None:
    space = {'model.gain': dict(choices=[1.0, 2.0])}
    search = read_search(search_file(trials=1, space=space))
    list(run_search(search, stub, tmp_path / 'runs'))
    other = read_search(
        search_file(**{'space': space, 'trials': 2, **changes})
    )
    with pytest.raises(InputError, match=match):
        list(run_search(other, stub, tmp_path / 'runs'))


def test_a_metric_that_is_nan_is_a_failure(
    search_file, stub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mmvision_ext.studies.search import run

    measured = {'metrics': {'accuracy/top1': float('nan')}}
    monkeypatch.setattr(run, 'read_json', lambda _: measured)
    search = read_search(search_file(trials=1))
    trials = list(run_search(search, stub, tmp_path / 'runs'))
    assert [value for *_, value in trials] == [None]
    assert list(run_search(search, stub, tmp_path / 'runs')) == trials


def test_an_interrupted_trial_is_resumed(
    search_file, stub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mmvision_ext.studies.search import run

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    search = read_search(search_file(trials=2))
    with monkeypatch.context() as patch:
        patch.setattr(run, 'execute_run', interrupt)
        with pytest.raises(KeyboardInterrupt):
            list(run_search(search, stub, tmp_path / 'runs'))
    seen = []

    def note(work: run.Run, script: str) -> run.State:
        seen.append((work.name, work.options))
        return execute(work, script)

    execute = run.execute_run
    monkeypatch.setattr(run, 'execute_run', note)
    trials = list(run_search(search, stub, tmp_path / 'runs'))
    assert [name for name, _ in seen] == ['trial-0_seed1', 'trial-2_seed1']
    assert len(trials) == 2
    options = dict(text.split('=') for text in seen[0][1])
    assert float(options['model.gain']) == trials[0][1]['model.gain']


def test_a_failed_trial_does_not_stop_the_others(
    search_file, stub, tmp_path: Path
) -> None:
    search = read_search(
        search_file(
            space={'model.behaviour': dict(choices=['train', 'fail'])},
            trials=6,
        )
    )
    trials = list(run_search(search, stub, tmp_path / 'runs'))
    for _, values, value in trials:
        assert (value is None) == (values['model.behaviour'] == 'fail')
    assert {value is None for _, _, value in trials} == {True, False}
    table, *_ = write_trials(search, trials, tmp_path / 'out')
    assert table.read_text().splitlines()[-1].split(',')[1] == 'failed'


def test_the_metric_has_to_be_there(search_file, stub, tmp_path: Path) -> None:
    search = read_search(search_file(metric='accuracy/top9'))
    with pytest.raises(InputError, match='accuracy/top1, accuracy/top5'):
        list(run_search(search, stub, tmp_path / 'runs'))


def test_nothing_was_trained(search_file, tmp_path: Path) -> None:
    search = read_search(search_file())
    with pytest.raises(InputError, match='none of 1 trials'):
        write_trials(search, [(0, {}, None)], tmp_path)


def test_what_a_file_says(search_file) -> None:
    path = search_file(
        space={
            'a': dict(low=1, high=8),
            'b': dict(low=1, high=2.5),
            'c': dict(choices=[0, '5e-4']),
        },
        goal='minimize',
    )
    search = read_search(path)
    assert search.goal == 'minimize'
    assert search.space == {
        'a': Range(1, 8, whole=True),
        'b': Range(1, 2.5),
        'c': Range(choices=(0, 5e-4)),
    }


@pytest.mark.parametrize(
    ('changes', 'match'),
    [
        (dict(trials=0), 'trials of at least 1'),
        (dict(goal='max'), 'maximize or minimize'),
        (dict(seed='a'), "seed: expected a whole number, found 'a'"),
        (dict(space={}), 'space: expected dotted keys'),
        (dict(space={'a': dict(low=1)}), 'space: a: expected the key'),
        (dict(space={'a': dict(low=2, high=1)}), 'expected low < high'),
        (dict(space={'a': dict(low=0, high=1, log=True)}), 'above 0 with log'),
        (dict(space={'a': dict(low='x', high=1)}), 'low: expected a number'),
        (dict(space={'a': dict(choices=[])}), 'expected a list'),
        (dict(metrics='a'), "no key 'metrics' is known here; did you mean"),
    ],
)
def test_mistakes_are_named(search_file, changes: dict, match: str) -> None:
    with pytest.raises(InputError, match=match):
        read_search(search_file(**changes))
