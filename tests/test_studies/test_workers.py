"""Workers of this machine and of a cluster."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import submitit

from mmvision_ext.studies import local
from mmvision_ext.studies.lock import is_locked
from mmvision_ext.studies.record import Files
from mmvision_ext.studies.slurm import run_on_cluster
from mmvision_ext.studies.state import State, read_status
from mmvision_ext.utils import InputError


def _nothing() -> None:
    pass


@pytest.fixture(autouse=True)
def fast(monkeypatch) -> Iterator[None]:
    monkeypatch.setattr(local, 'TICK', 0.02)
    yield


def _devices(run) -> list[str]:
    return (run.work_dir / 'devices.txt').read_text().split()


def test_one_training_a_gpu(plan, content: dict, script: str) -> None:
    content['seeds'] = [0]
    runs = plan(content)[:2]
    ended = dict(local.run_locally(runs, script, 2, ['3', '5'], _nothing))
    assert {status.state for status in ended.values()} == {State.FINISHED}
    assert {*_devices(runs[0]), *_devices(runs[1])} == {'3', '5'}


def test_one_after_another_and_a_failure_in_between(
    plan, content: dict, script: str, monkeypatch
) -> None:
    monkeypatch.delenv('CUDA_VISIBLE_DEVICES', raising=False)
    content['seeds'] = [0]
    content['configs'][0]['configs'][0]['overrides'] = {
        'model.behaviour': 'fail'
    }
    runs = plan(content)[:2]
    ended = list(local.run_locally(runs, script, 1, [], _nothing))
    assert [run.name for run, _ in ended] == [run.name for run in runs]
    assert [status.state for _, status in ended] == [
        State.FAILED,
        State.FINISHED,
    ]
    assert _devices(runs[1]) == ['unset']


def test_ctrl_c_ends_trainings_and_leaves_them_resumable(
    single, script: str
) -> None:
    run = single(**{'model.behaviour': 'wait'})

    def interrupt() -> None:
        if (run.work_dir / 'last_checkpoint').is_file():
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(local.run_locally([run], script, 1, [], interrupt))
    assert not is_locked(Files(run.work_dir).lock)  # the training has ended
    status = read_status(run)
    assert status.state is State.INTERRUPTED
    assert status.detail == 'ended by SIGTERM'
    assert status.resume == run.work_dir / 'epoch_1.pth'


def test_a_damaged_run_does_not_stop_the_others(
    plan, content: dict, script: str
) -> None:
    content['seeds'] = [0]
    runs = plan(content)[:2]
    record = Files(runs[0].work_dir).record
    record.parent.mkdir(parents=True)
    record.write_text('{')
    first, second = local.run_locally(runs, script, 1, [], _nothing)
    assert first[1].state is State.FAILED and 'run.json' in first[1].detail
    assert second[1].state is State.FINISHED


def test_gpus_that_may_be_used(monkeypatch) -> None:
    monkeypatch.setattr(local.torch.cuda, 'device_count', lambda: 2)
    monkeypatch.delenv('CUDA_VISIBLE_DEVICES', raising=False)
    assert local.visible_devices() == ['0', '1']
    monkeypatch.setenv('CUDA_VISIBLE_DEVICES', '6, 7')
    assert local.visible_devices() == ['6', '7']
    monkeypatch.setattr(local.torch.cuda, 'device_count', lambda: 0)
    assert local.visible_devices() == []


def test_jobs_of_submitit(plan, content, script: str, tmp_path: Path) -> None:
    """A process of submitit's a run, as on a cluster."""
    content['seeds'] = [0]
    content['configs'][0]['configs'][0]['overrides'] = {
        'model.behaviour': 'fail'
    }
    runs = plan(content)[:2]
    ended = dict(
        run_on_cluster(runs, script, tmp_path / 'slurm', {}, _nothing, 'local')
    )
    assert [ended[run].state for run in runs] == [State.FAILED, State.FINISHED]
    assert 'boom' in ended[runs[0]].detail


def test_a_preempted_job_is_submitted_again(
    single, script: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What submitit asks for then is the same run."""
    submitted = []

    class Executor(submitit.AutoExecutor):
        def submit(self, *call):
            submitted.append(call)
            return super().submit(*call)

    monkeypatch.setattr(submitit, 'AutoExecutor', Executor)
    run = single()
    list(run_on_cluster([run], script, tmp_path, {}, _nothing, 'local'))
    [(function, *arguments)] = submitted
    again = function.checkpoint(*arguments)
    assert (again.function, [*again.args]) == (function, [run, script])


def test_a_job_that_breaks_down(single, tmp_path: Path, monkeypatch) -> None:
    """The error of the job itself, where the run's files know of none."""
    run = single()
    run.work_dir.parent.mkdir()
    run.work_dir.write_text('a file in the place of the folder')
    [(_, status)] = run_on_cluster(
        [run], 'none.py', tmp_path / 'slurm', {}, _nothing, 'local'
    )
    assert status.state is State.FAILED
    assert 'FileExistsError' in status.detail or 'NotADir' in status.detail


def test_without_slurm(single, script: str, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv('PATH', str(tmp_path))
    with pytest.raises(InputError, match='Run without --slurm'):
        next(run_on_cluster([single()], script, tmp_path, {}, _nothing))


@pytest.mark.parametrize(
    'parameters', [{'timeout_mins': 3}, {'timeout_min': 'x'}]
)
def test_wrong_job_parameters(
    parameters: dict, single, script: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match='--slurm: .*timeout'):
        next(
            run_on_cluster(
                [single()], script, tmp_path, parameters, _nothing, 'local'
            )
        )
