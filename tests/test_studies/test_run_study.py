"""The command line, and one study from nothing to charts."""

import csv
import json
import re
import runpy
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mmvision_ext.studies import local
from mmvision_ext.studies.plan import plan_runs
from mmvision_ext.studies.record import Files, read_record

CONFIG = 'projects/example_project/configs/'
CONFIG += 'resnet14-w16_scratch_1xb40-6e_stripes.py'
# A hook of the training that ends it once, in its second epoch.
DYING_HOOK = """
import os, signal
from pathlib import Path
from mmengine.hooks import Hook
from mmengine.registry import HOOKS

@HOOKS.register_module()
class DyingHook(Hook):
    def before_train_epoch(self, runner):
        mark = Path(os.environ['DYING_MARK'])
        if runner.epoch == 1 and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGTERM)
"""


@pytest.fixture
def call(repository: Path, tmp_path: Path, monkeypatch) -> Callable[..., int]:
    """Run the tool in the repository; returns its exit status."""
    monkeypatch.chdir(repository)
    monkeypatch.setattr(local, 'TICK', 0.02)

    def run(study: Path, *arguments: str) -> int:
        path = str(repository / 'tools/run_study.py')
        work_dir = str(tmp_path / 'runs')
        monkeypatch.setattr(
            sys,
            'argv',
            [path, str(study), '--work-dir', work_dir, *arguments],
        )
        try:
            runpy.run_path(path, run_name='__main__')
        except SystemExit as stop:
            return stop.code
        return 0

    return run


def test_help_shows_an_example(call, capsys) -> None:
    assert call(Path('x'), '--help') == 0
    text = capsys.readouterr().out
    assert 'Example:' in text and 'python tools/run_study.py' in text


def test_redrawn_without_runs_and_configs_of_then(
    call, write, content: dict, finish, tmp_path: Path, capsys
) -> None:
    study = write(content)
    for run in plan_runs(study, tmp_path / 'runs'):
        finish(run, [50.0])
    assert call(study.path, '--collect-only') == 0
    (tmp_path / 'runs').rename(tmp_path / 'gone')
    (tmp_path / 'results' / 'bars.png').unlink()
    (tmp_path / 'stub.py').write_text('changed = 1')
    capsys.readouterr()
    assert call(study.path, '--redraw') == 0
    assert 'bars.png' in capsys.readouterr().out
    assert (tmp_path / 'results' / 'bars.png').is_file()
    assert not (tmp_path / 'runs').exists()


def test_mistakes_are_one_message(call, tmp_path: Path, capsys) -> None:
    assert call(tmp_path / 'none.yaml') == 2
    text = capsys.readouterr().err
    assert text.startswith('error: study: expected a YAML file')
    assert 'Traceback' not in text


def test_nothing_is_trained_in_a_dry_run(
    call, write, content: dict, tmp_path: Path, capsys
) -> None:
    study = write(content)
    assert call(study.path, '--dry-run', '--only', '*b_scratch*') == 0
    text = capsys.readouterr().out
    assert 'net-b_scratch_seed2' in text and 'net-a' not in text
    assert 'net-b_scratch_seed2: not started; starts anew\n    python ' in text
    assert 'python tools/train.py ' in text and 'seed=2' in text
    assert not (tmp_path / 'runs').exists()


@pytest.mark.parametrize('count', ['0', '-1'])
def test_no_worker(count: str, call, write, content: dict, capsys) -> None:
    assert call(write(content).path, '--workers', count) == 2
    assert '--workers: expected at least 1' in capsys.readouterr().err


def test_a_damaged_run_does_not_stop_the_study(
    call, write, content: dict, finish, tmp_path: Path, capsys
) -> None:
    study = write(content)
    first, *others = plan_runs(study, tmp_path / 'runs')
    for run in others:
        finish(run, [50.0])
    Files(first.work_dir).record.parent.mkdir(parents=True)
    Files(first.work_dir).record.write_text('{')
    assert call(study.path) == 1
    output = capsys.readouterr()
    assert 'error: 1 run(s) are not finished:' in output.err
    assert 'run.json: expected JSON' in output.err
    assert 'summary.md' in output.out
    assert call(study.path, '--collect-only') == 0


def test_finished_and_stale_runs_are_not_trained(
    call, write, content: dict, finish, tmp_path: Path, capsys
) -> None:
    study = write(content)
    for run in plan_runs(study, tmp_path / 'runs'):
        finish(run, [50.0])
    assert call(study.path) == 0
    assert 'summary.md' in capsys.readouterr().out
    content['configs'][1]['configs'][1]['overrides'] = {'model.gain': 31.0}
    assert call(write(content).path) == 1
    output = capsys.readouterr()
    assert 'error: 3 run(s) are not finished:' in output.err
    assert (
        'net-b_two-phase_seed0: stale; model.gain: 30.0 -> 31.0' in output.err
    )
    assert '--rerun-stale' in output.err
    assert '3 row(s) of runs.csv left out' in output.out


@pytest.fixture
def example(repository: Path, tmp_path: Path, monkeypatch) -> dict:
    """A study of real trainings of two epochs; one run cannot start."""
    root = tmp_path / 'data'
    tool = str(repository / 'projects/example_project/make_data.py')
    monkeypatch.setattr(sys, 'argv', [tool, str(root)])
    runpy.run_path(tool, run_name='__main__')
    (tmp_path / 'dying_hook.py').write_text(DYING_HOOK)
    config = tmp_path / 'dying.py'
    config.write_text(
        f"_base_ = '{repository / CONFIG}'\n"
        "custom_imports = dict(imports=['dying_hook'])\n"
        "custom_hooks = [dict(type='DyingHook')]\n"
    )
    monkeypatch.setenv('MMVISION_EXAMPLE_ROOT', str(root))
    monkeypatch.setenv('PYTHONPATH', str(tmp_path))
    monkeypatch.setenv('DYING_MARK', str(tmp_path / 'mark'))
    monkeypatch.setenv('OMP_NUM_THREADS', '1')
    monkeypatch.delenv('CUDA_VISIBLE_DEVICES', raising=False)
    return dict(
        name='example',
        data='stripes',
        metrics=['accuracy/top1'],
        seeds=[3],
        overrides={'train_cfg.max_epochs': 2},
        configs=[
            dict(
                label='wrong',
                config=str(config),
                overrides={'train_dataloader.dataset.ann_file': 'gone.txt'},
            ),
            dict(label='right', config=str(config)),
        ],
    )


def test_real_trainings(
    call, write, example: dict, tmp_path: Path, capsys
) -> None:
    """One fails at its start, one is killed after a checkpoint, resumed."""
    study = write(example)
    _, run = plan_runs(study, tmp_path / 'runs')
    assert call(study.path) == 1
    text = capsys.readouterr().err
    assert re.search(r'wrong_seed3: failed; .*ann_file.*gone.txt', text)
    assert 'right_seed3: interrupted; ended by SIGTERM' in text
    assert 'expected at least one finished run' in text
    assert call(study.path, '--only', 'right*') == 0
    first, second = read_record(run).attempts
    assert first.returncode == -15 and second.returncode == 0
    # SignalHook saved where it was.
    assert '--resume' in second.command and 'iter_10.pth' in second.command
    log = Path(second.log).read_text()
    assert 'resumed epoch: 1, iter: 10' in log
    result = json.loads(Files(run.work_dir).result.read_text())
    with (tmp_path / 'results' / 'runs.csv').open() as file:
        [row] = csv.DictReader(file)
    logged = re.findall(r'Epoch\(val\) \[2\].*accuracy/top1: ([\d.]+)', log)
    assert float(row['accuracy/top1']) == pytest.approx(
        float(logged[-1]), abs=1e-3
    )
    assert row['accuracy/top1'] == str(result['metrics']['accuracy/top1'])
    assert (row['seed'], row['epochs']) == ('3', '2')
    assert row['overrides'] == 'train_cfg.max_epochs=2'
    assert 'core(s)' in row['hardware'] or 'GPU' in row['hardware']
    for commit in row['commit'].split('; '):
        assert re.fullmatch(r'[0-9a-f]{12}(\+changes)?|unknown', commit)
    assert row['command'].startswith('python tools/train.py')
    curve = (tmp_path / 'results' / 'curves.csv').read_text().splitlines()
    assert [line.split(',')[2] for line in curve[1:]] == ['1', '2']


def test_our_studies_can_be_planned(repository: Path, monkeypatch) -> None:
    monkeypatch.chdir(repository)
    from mmvision_ext.studies.spec import read_study

    for path in sorted(Path('projects').glob('*/*.yaml')):
        if path.name != 'search.yaml':
            assert plan_runs(read_study(path)), path
