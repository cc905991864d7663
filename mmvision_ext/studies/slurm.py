"""Workers on a Slurm cluster: one job a run, by submitit."""

import time
from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path
from typing import Any

import submitit

from mmvision_ext.utils import InputError

from .execute import execute_run
from .plan import Run
from .state import State, Status, read_status

POLL = 1.0  # seconds; submitit asks Slurm itself far less often


class _Restartable(submitit.helpers.Checkpointable):
    """A run whose job is started again after a preemption or its time limit.

    submitit asks what to submit then: the same, which resumes.
    """

    def __call__(self, run: Run, script: str) -> Status:
        """Train the run, or resume it.

        Args:
            run: The run.
            script: Path of ``tools/train.py``.

        Returns:
            Where it stands.
        """
        return execute_run(run, script)


def run_on_cluster(
    runs: Sequence[Run],
    script: str,
    folder: Path,
    parameters: Mapping[str, Any],
    on_tick: Callable[[], None],
    cluster: str = 'slurm',
) -> Generator[tuple[Run, Status], None, None]:
    """Train every run in a job of its own.

    When the caller stops early, or Ctrl-C arrives, jobs are cancelled and
    stay resumable. A job that Slurm preempts, or that reaches its time limit,
    is submitted again and resumes, as often as submitit's
    ``slurm_max_num_timeout`` allows for the latter.

    Args:
        runs: What to train.
        script: Path of ``tools/train.py``.
        folder: Where submitit keeps scripts and logs of the jobs; the nodes
            have to see it, and the current folder, under the same paths.
        parameters: Of the jobs, as submitit names them: ``timeout_min``,
            ``gpus_per_node``, ``cpus_per_task``, ``mem_gb``,
            ``slurm_partition``, ...
        on_tick: Called while waiting.
        cluster: submitit's executor: ``'slurm'``, ``'local'`` or
            ``'debug'``.

    Yields:
        Run and status, in the order in which they end.

    Raises:
        InputError: There is no Slurm, or a parameter is unknown.
    """
    executor = _executor(folder, parameters, cluster)
    pending = {
        run.name: (run, executor.submit(_Restartable(), run, script))
        for run in runs
    }
    try:
        while pending:
            ended = [name for name, (_, job) in pending.items() if job.done()]
            for name in ended:
                run, job = pending.pop(name)
                yield run, _status(run, job)
            on_tick()
            if pending and not ended:
                time.sleep(POLL)
    finally:
        for _, job in pending.values():
            job.cancel(check=False)


def _executor(
    folder: Path, parameters: Mapping[str, Any], cluster: str
) -> Any:
    try:
        executor = submitit.AutoExecutor(folder, cluster=cluster)
    except RuntimeError as error:
        raise InputError(
            f'--slurm: expected a machine that can submit Slurm jobs, found '
            f'none: {error}. Run without --slurm to train here.'
        ) from error
    try:
        executor.update_parameters(**parameters)
    except (NameError, AssertionError) as error:
        raise InputError(f'--slurm: {error}') from error
    return executor


def _status(run: Run, job: Any) -> Status:
    """What the files say; the job's own error where it broke down."""
    status = read_status(run)
    if not status.to_do:
        return status
    error = job.exception()
    if error is None:
        return status
    return Status(State.FAILED, f'job {job.job_id}: {error}', status.resume)
