"""Runs, their resolved configs, and overrides on their way there."""

import argparse
import json
import os
from pathlib import Path

import pytest
from mmengine.config import Config, DictAction

from mmvision_ext.studies.overrides import check_overrides, option
from mmvision_ext.studies.plan import plan_runs, select_runs
from mmvision_ext.utils import InputError
from mmvision_ext.utils.config.options import fitted


def test_a_run_is_entry_and_seed(plan, content: dict, tmp_path: Path) -> None:
    runs = plan(content)
    assert len(runs) == 12
    run = runs[4]
    assert run.name == 'net-a_two-phase_seed1'
    assert run.work_dir == tmp_path / 'runs' / run.name
    assert (run.length, run.by_epoch, run.seed) == (3, True, 1)
    resolved = json.loads(run.config_text)
    assert (
        resolved['model']['gain'] == 20.0
        and resolved['randomness']['seed'] == 1
    )
    assert run.overrides == 'model.gain=20.0'
    assert run.command('t.py', Path('e.pth')) == [
        't.py',
        run.config,
        '--work-dir',
        str(run.work_dir),
        '--resume',
        'e.pth',
        '--cfg-options',
        'model.gain=20.0',
        'randomness.seed=1',
    ]
    assert len({run.config_hash for run in runs}) == 12


def test_the_usual_folder(write, content: dict) -> None:
    study = write(content)
    assert plan_runs(study)[0].work_dir == Path(
        'work_dirs/stub/net-a_scratch_seed0'
    )


def test_the_hash_follows_what_is_trained(
    plan, content: dict, tmp_path: Path
) -> None:
    before = plan(content)[0].config_hash
    content['title'] = 'Another title'
    assert plan(content)[0].config_hash == before
    config = tmp_path / 'stub.py'
    config.write_text('# A comment\n' + config.read_text())
    assert plan(content)[0].config_hash == before
    config.write_text(config.read_text() + '\nextra = 1\n')
    assert plan(content)[0].config_hash != before


def test_the_hash_is_that_of_any_machine(
    plan, content: dict, tmp_path: Path, monkeypatch
) -> None:
    config = tmp_path / 'stub.py'
    config.write_text(
        config.read_text() + "\ndata_root = '{{$MMVISION_DATA_ROOT:data}}'\n"
    )
    before = plan(content)[0].config_hash
    monkeypatch.setenv('MMVISION_DATA_ROOT', '/elsewhere')
    assert plan(content)[0].config_hash == before
    assert os.environ['MMVISION_DATA_ROOT'] == '/elsewhere'


def test_only(plan, content: dict) -> None:
    runs = plan(content)
    chosen = select_runs(runs, 'net-?_scratch_seed[01]')
    assert [run.name for run in chosen] == [
        'net-a_scratch_seed0',
        'net-a_scratch_seed1',
        'net-b_scratch_seed0',
        'net-b_scratch_seed1',
    ]
    assert select_runs(runs, None) == runs
    with pytest.raises(InputError, match='net-b_two-phase_seed2'):
        select_runs(runs, 'nothing')


@pytest.mark.parametrize(
    'value',
    [1, -2.5, 1e-05, True, None, 'step', [1, 2], [1], [], [[1, 2], ['a']]],
)
def test_overrides_reach_the_command_line(value: object) -> None:
    checked = check_overrides({'a.b': value}, 'study')
    assert checked == {'a.b': value}
    parser = argparse.ArgumentParser()
    parser.add_argument('--cfg-options', nargs='+', action=DictAction)
    text = option('a.b', value)
    read = parser.parse_args(['--cfg-options', text]).cfg_options
    assert read == {'a.b': value}


def test_a_number_that_yaml_takes_for_text() -> None:
    assert check_overrides({'lr': '1e-3'}, 'study') == {'lr': 0.001}


@pytest.mark.parametrize(
    'value', ['a b', '(1,', "'a'", '1', {'a': 1}, ['a,b']]
)
def test_values_that_would_become_others(value: object) -> None:
    with pytest.raises(InputError, match='study: key: expected'):
        check_overrides({'key': value}, 'study')


@pytest.mark.parametrize(
    ('override', 'message'),
    [
        ({'optim_wraper.lr': 1}, "no 'optim_wraper' at the top level; did"),
        (
            {'optim_wrapper.optimiser.lr': 1},
            "no 'optimiser' at optim_wrapper; did you mean 'optimizer'",
        ),
        ({'train_rot': 1}, "did you mean 'train_root'"),
        ({'train_root': 'a'}, "no training reads 'train_root'"),
        ({'train_root.folder': 'a'}, "no training reads 'train_root'"),
        ({'work_dir': 'a'}, "no training reads 'work_dir'"),
        ({'optim_wrapper.optimizer.lr': 1, 'train_root.folder': 'a'}, 'read'),
        ({'optim_wrapper.milestones.5': 1}, 'do not fit'),
        ({'optim_wrapper.milestones.5.a': 1}, "no '5' at optim_wrapper.mil"),
        ({'model.gain.lr': 1}, 'do not fit|there are none'),
        ({'train_cfg.max_epochs': None}, 'expected train_cfg.max_epochs or'),
    ],
)
def test_overrides_that_do_not_fit(
    override: dict, message: str, plan, content: dict
) -> None:
    content['configs'][0]['configs'][0]['overrides'] = override
    with pytest.raises(InputError, match=message):
        plan(content)


def test_new_keys_of_what_is_there(plan, content: dict) -> None:
    content['overrides'] = {'optim_wrapper.optimizer.weight_decay': 0.1}
    resolved = json.loads(plan(content)[0].config_text)
    assert resolved['optim_wrapper']['optimizer'] == {
        'lr': 0.1,
        'weight_decay': 0.1,
    }


def test_a_config_that_does_not_run(
    plan, content: dict, tmp_path: Path
) -> None:
    (tmp_path / 'stub.py').write_text('a = 1 / 0\n')
    with pytest.raises(InputError, match='cannot be read: ZeroDivision'):
        plan(content)


def test_iterations(plan, content: dict, tmp_path: Path) -> None:
    config = tmp_path / 'stub.py'
    config.write_text('model = dict(gain=1)\ntrain_cfg = dict(max_iters=20)\n')
    run = plan(content)[0]
    assert (run.length, run.by_epoch) == (20, False)


def test_a_list_becomes_a_tuple_where_the_config_has_one() -> None:
    """mmcv's Resize takes a list as scale for something else."""
    cfg = Config(dict(pipeline=[dict(scale=(1000, 600))], steps=[8, 11]))
    overrides = {
        'pipeline.0.scale': [480, 288],
        'steps': [1, 2],
        'new.key': [3],
    }
    found = fitted(cfg, overrides)
    assert found == {**overrides, 'pipeline.0.scale': (480, 288)}
    text = option('scale', found['pipeline.0.scale'])
    parser = argparse.ArgumentParser()
    parser.add_argument('--cfg-options', nargs='+', action=DictAction)
    options = parser.parse_args(['--cfg-options', text]).cfg_options
    assert options == {'scale': (480, 288)}
