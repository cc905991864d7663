"""One run: trained, skipped, resumed, failed, stale."""

import dataclasses
import json
from pathlib import Path

import pytest

from mmvision_ext.studies.execute import execute_run
from mmvision_ext.studies.lock import run_lock
from mmvision_ext.studies.plan import Run
from mmvision_ext.studies.record import Files, read_record
from mmvision_ext.studies.state import State, read_status, set_aside
from mmvision_ext.studies.training import position
from mmvision_ext.utils import InputError


def _change(run: Run, **values: object) -> Run:
    """The same run with another behaviour of the stub, the same hash."""
    options = tuple(f'model.{key}={value}' for key, value in values.items())
    return dataclasses.replace(run, options=(*run.options, *options))


def _result(run: Run) -> dict:
    return json.loads(Files(run.work_dir).result.read_text())


def test_a_finished_run(single, script: str) -> None:
    run = single()
    assert read_status(run).state is State.NOT_STARTED
    assert execute_run(run, script).state is State.FINISHED
    result = _result(run)
    assert result['metrics'] == {'accuracy/top1': 30.1, 'accuracy/top5': 31.1}
    assert result['curves']['accuracy/top1']['x'] == [1, 2, 3]
    assert result['peak_memory_mib'] == 103
    assert result['iter_seconds'] == 0.25
    assert (result['epochs'], result['iterations']) == (3, None)
    assert result['hardware'] == 'Test Accelerator'
    assert result['command'] == (
        f'python {script} {run.config} --work-dir {run.work_dir} '
        '--cfg-options randomness.seed=1'
    )
    assert result['config_hash'] == run.config_hash
    assert result['wall_seconds'] > 0
    assert position(run) == 3


def test_a_finished_run_is_skipped(single, script: str) -> None:
    run = single()
    execute_run(run, script)
    assert execute_run(run, script).state is State.FINISHED
    assert len(read_record(run).attempts) == 1


def test_a_changed_config_makes_stale(single, script: str) -> None:
    execute_run(single(), script)
    changed = single(**{'model.gain': 11.0, 'optim_wrapper.optimizer.lr': 0.2})
    status = execute_run(changed, script)
    assert status.state is State.STALE and not status.to_do
    assert 'model.gain: 10.0 -> 11.0' in status.detail
    assert 'optim_wrapper.optimizer.lr: 0.1 -> 0.2' in status.detail
    assert _result(changed)['metrics']['accuracy/top1'] == 30.1
    moved = set_aside(changed)
    assert moved.name == f'{changed.name}.stale-1'
    assert execute_run(changed, script).state is State.FINISHED
    assert _result(changed)['metrics']['accuracy/top1'] == 33.1
    assert set_aside(changed).name.endswith('.stale-2')


def test_an_interrupted_run_of_another_config_is_not_resumed(
    single, script: str
) -> None:
    execute_run(_change(single(), behaviour='die'), script)
    assert (
        execute_run(single(**{'model.gain': 11.0}), script).state
        is State.STALE
    )


def test_a_folder_that_the_study_has_not_made(single, script: str) -> None:
    run = single()
    run.work_dir.mkdir(parents=True)
    (run.work_dir / 'last_checkpoint').write_text('epoch_1.pth')
    status = execute_run(run, script)
    assert status.state is State.STALE
    assert 'this study has not started' in status.detail


def test_stopped_after_a_save_then_resumed(single, script: str) -> None:
    """As SignalHook does: within an epoch, with an exit status of its own."""
    run = single()
    status = execute_run(_change(run, behaviour='stop'), script)
    assert status.state is State.INTERRUPTED
    assert status.detail == 'ended by SIGTERM'
    assert status.resume == run.work_dir / 'iter_99.pth'
    assert execute_run(run, script).state is State.FINISHED
    returned = [attempt.returncode for attempt in read_record(run).attempts]
    assert returned == [-15, 0]


def test_killed_after_a_checkpoint_then_resumed(single, script: str) -> None:
    run = single()
    status = execute_run(_change(run, behaviour='die'), script)
    assert status.state is State.INTERRUPTED
    assert status.detail == 'ended by SIGTERM'
    assert status.resume == run.work_dir / 'epoch_1.pth'
    # Epoch 1 is being evaluated; training lines of epoch 1 mean 0 are done.
    assert position(run) == 0
    assert execute_run(run, script).state is State.FINISHED
    first, second = read_record(run).attempts
    assert first.returncode == -15 and second.returncode == 0
    result = _result(run)
    assert f'--resume {status.resume}' in second.command
    assert result['command'] == f'{first.command}; {second.command}'
    assert result['curves']['accuracy/top1']['x'] == [2, 3]
    assert result['wall_seconds'] == pytest.approx(
        first.seconds + second.seconds
    )


def test_killed_before_the_last_evaluation(single, script: str) -> None:
    """From the last checkpoint there would be nothing left to evaluate."""
    run = single()
    status = execute_run(_change(run, behaviour='die-late'), script)
    assert status.resume == run.work_dir / 'epoch_2.pth'
    assert execute_run(run, script).state is State.FINISHED
    assert _result(run)['curves']['accuracy/top1']['x'] == [1, 2, 3]


def test_killed_when_nobody_wrote_it_down(single, script: str) -> None:
    """The study runner itself was killed: no return code, no duration."""
    run = single()
    execute_run(_change(run, behaviour='die'), script)
    path = Files(run.work_dir).record
    record = json.loads(path.read_text())
    record['attempts'][0].update(returncode=None, seconds=None)
    path.write_text(json.dumps(record))
    status = read_status(run)
    assert status.state is State.INTERRUPTED and status.resume is not None
    assert read_record(run).attempts[0].duration() < 600
    assert execute_run(run, script).state is State.FINISHED


def test_a_checkpoint_that_is_gone(single, script: str) -> None:
    run = single()
    execute_run(_change(run, behaviour='die'), script)
    (run.work_dir / 'epoch_1.pth').unlink()
    status = read_status(run)
    assert status.state is State.INTERRUPTED and status.resume is None


def test_a_failed_run_keeps_the_end_of_its_log(single, script: str) -> None:
    run = single()
    status = execute_run(_change(run, behaviour='fail'), script)
    assert status.state is State.FAILED and status.to_do
    assert status.detail.splitlines()[-1] == 'boom: no data'
    assert not Files(run.work_dir).result.exists()
    assert execute_run(run, script).state is State.FINISHED


def test_a_run_without_metrics_has_failed(single, script: str) -> None:
    run = single()
    status = execute_run(_change(run, behaviour='no-metric'), script)
    assert status.state is State.FAILED
    assert 'expected an evaluation with finite metrics' in status.detail
    assert 'at epoch 3' in status.detail


def test_a_run_that_another_process_trains(single, script: str) -> None:
    run = single()
    with run_lock(Files(run.work_dir).lock):
        assert read_status(run).state is State.RUNNING
        assert execute_run(run, script).state is State.RUNNING
    assert read_record(run) is None


def test_a_damaged_record(single, script: str) -> None:
    run = single()
    execute_run(run, script)
    Files(run.work_dir).record.write_text('{')
    status = read_status(run)
    assert status.state is State.FAILED
    assert 'run.json: expected JSON' in status.detail
    with pytest.raises(InputError, match='run.json: expected JSON'):
        execute_run(run, script)


@pytest.mark.parametrize(
    'text', ['{"attempts": []}', '{"config_hash": "", "attempts": [{}]}', '[]']
)
def test_a_record_of_another_version(single, script: str, text: str) -> None:
    run = single()
    execute_run(run, script)
    Files(run.work_dir).record.write_text(text)
    status = read_status(run)
    assert status.state is State.FAILED
    assert 'run.json: expected config_hash and attempts' in status.detail


def test_a_damaged_last_checkpoint(single, script: str) -> None:
    run = single()
    execute_run(_change(run, behaviour='die'), script)
    (run.work_dir / 'last_checkpoint').write_bytes(b'\xff\x00')
    assert read_status(run).state is State.INTERRUPTED
    assert read_status(run).resume is None


def test_a_damaged_result(single, script: str) -> None:
    run = single()
    execute_run(run, script)
    Files(run.work_dir).result.write_text('{')
    status = read_status(run)
    assert status.state is State.FAILED
    assert 'result.json: expected JSON' in status.detail


def test_half_a_line_in_the_log_of_an_interrupted_run(
    single, script: str
) -> None:
    run = single()
    execute_run(_change(run, behaviour='die-late'), script)
    (log,) = run.work_dir.glob('*/vis_data/scalars.json')
    with log.open('a') as file:
        file.write('{"accuracy/top1": 1')
    assert position(run) == 2
    assert read_status(run).resume == run.work_dir / 'epoch_2.pth'
    assert execute_run(run, script).state is State.FINISHED
    assert _result(run)['curves']['accuracy/top1']['x'] == [1, 2, 3]


def test_a_moved_folder_is_resumed(
    single, script: str, tmp_path: Path
) -> None:
    run = single()
    execute_run(_change(run, behaviour='die'), script)
    moved = dataclasses.replace(run, work_dir=tmp_path / 'elsewhere')
    run.work_dir.rename(moved.work_dir)
    assert read_status(moved).resume == moved.work_dir / 'epoch_1.pth'
