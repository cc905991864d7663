"""One run: start or resume its training, wait, write down what came of it."""

import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from dataclasses import asdict
from pathlib import Path

from mmvision_ext.engine.stopping import ended_by
from mmvision_ext.utils import InputError
from mmvision_ext.utils.provenance import code_commit

from .lock import run_lock
from .plan import Run
from .provenance import hardware
from .record import (
    Attempt,
    Files,
    Record,
    now,
    read_record,
    write_json,
    write_record,
)
from .state import State, Status, read_unlocked_status
from .training import read_outcome

POLL = 0.2  # seconds between looks at the training and the stop sign
GRACE = 20.0  # seconds from the polite request to end to the forced end
TAIL_LINES = 15


def execute_run(
    run: Run,
    script: str,
    device: str | None = None,
    stop: threading.Event | None = None,
) -> Status:
    """Train one run to its end, unless it is finished or another has it.

    Args:
        run: The run.
        script: Path of ``tools/train.py``.
        device: Value of ``CUDA_VISIBLE_DEVICES``; None leaves it as it is.
        stop: Once set, the training is asked to end; the run can be resumed.

    Returns:
        Where the run stands now.
    """
    files = Files(run.work_dir)
    with run_lock(files.lock) as descriptor:
        if descriptor is None:
            return Status(State.RUNNING, 'another process is training it')
        status = read_unlocked_status(run)
        if not status.to_do:
            return status
        record = read_record(run)
        if record is None:
            record = Record(run.config_hash)
            files.config.write_text(run.config_text)
        log = files.log(len(record.attempts) + 1)
        command = run.command(script, status.resume)
        attempt = Attempt(
            now(), shlex.join(['python', *command]), code_commit(), str(log)
        )
        record.attempts.append(attempt)
        write_record(run, record)
        begun = time.monotonic()
        attempt.returncode = _train(command, log, device, stop, descriptor)
        attempt.seconds = round(time.monotonic() - begun, 1)
        attempt.hardware = hardware(log)
        if attempt.returncode == 0:
            _finish(run, record)
        elif attempt.returncode > 0:
            attempt.error = _tail(log)
        write_record(run, record)
        return read_unlocked_status(run)


def _train(
    command: list[str],
    log: Path,
    device: str | None,
    stop: threading.Event | None,
    descriptor: int,
) -> int:
    """Run the training in a process group of its own.

    Returns:
        Its exit status, negative for a signal, whether that ended it or it
        saved first.
    """
    environment = dict(os.environ)
    if device is not None:
        environment['CUDA_VISIBLE_DEVICES'] = device
    with log.open('wb') as output:
        child = subprocess.Popen(
            [sys.executable, *command],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=(descriptor,),
        )
        try:
            while child.poll() is None and not (stop and stop.is_set()):
                time.sleep(POLL)
        finally:  # stopped, or an exception of this process
            _end(child)
    return -ended_by(child.returncode) or child.returncode


def _end(child: subprocess.Popen) -> None:
    """End a training and the processes that load its data."""
    if child.poll() is not None:
        return
    os.killpg(child.pid, signal.SIGTERM)
    try:
        child.wait(GRACE)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def _finish(run: Run, record: Record) -> None:
    """Write the result; what is wrong with it is the attempt's error."""
    last = record.attempts[-1]
    try:
        outcome = read_outcome(run)
    except InputError as error:
        last.error = str(error)
        return
    write_json(
        Files(run.work_dir).result,
        dict(
            asdict(outcome),
            config_hash=run.config_hash,
            epochs=run.length if run.by_epoch else None,
            iterations=None if run.by_epoch else run.length,
            finished=now(),
            hardware=_distinct([item.hardware for item in record.attempts]),
            commit=_distinct([item.commit for item in record.attempts]),
            command=_distinct([item.command for item in record.attempts]),
            wall_seconds=round(
                sum(item.duration() for item in record.attempts), 1
            ),
        ),
    )


def _distinct(texts: list[str]) -> str:
    return '; '.join(dict.fromkeys(text for text in texts if text))


def _tail(log: Path) -> str:
    lines = log.read_text('utf-8', 'replace').splitlines()
    return '\n'.join(lines[-TAIL_LINES:])
