"""Where a run stands, derived from its files."""

import json
import signal
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from mmvision_ext.engine.checkpointing import LAST_CHECKPOINT
from mmvision_ext.utils import InputError

from .lock import is_locked
from .plan import Run
from .record import Attempt, Files, read_json, read_record
from .training import resume_checkpoint

MAX_CHANGES = 4  # of a stale run that are named
_ABSENT = object()


class State(str, Enum):
    """Where a run stands."""

    FINISHED = 'finished'
    STALE = 'stale'
    RUNNING = 'running elsewhere'
    FAILED = 'failed'
    INTERRUPTED = 'interrupted'
    NOT_STARTED = 'not started'


@dataclass(frozen=True)
class Status:
    """Where a run stands, and what to do about it.

    Attributes:
        state: The state.
        detail: Why, where there is something to say.
        resume: Checkpoint to go on from; None starts anew.
    """

    state: State
    detail: str = ''
    resume: Path | None = None

    @property
    def to_do(self) -> bool:
        """Whether there is something to train."""
        return self.state in (
            State.FAILED,
            State.INTERRUPTED,
            State.NOT_STARTED,
        )


def read_status(run: Run) -> Status:
    """Find out where a run stands.

    Args:
        run: The run.

    Returns:
        Its status. A run of a changed config is stale, whether it was
        finished or not, and so is a folder that a training outside the study
        has used. A run with a damaged file has failed; the others go on.
    """
    if is_locked(Files(run.work_dir).lock):
        return Status(State.RUNNING, 'another process is training it')
    try:
        return read_unlocked_status(run)
    except InputError as error:
        return Status(State.FAILED, str(error))


def read_unlocked_status(run: Run) -> Status:
    """As :func:`read_status`, for the one that holds the lock.

    Args:
        run: The run.

    Returns:
        Its status.

    Raises:
        InputError: A file of the run is damaged.
    """
    files = Files(run.work_dir)
    record = read_record(run)
    if record is None:
        if (run.work_dir / LAST_CHECKPOINT).is_file():
            return Status(
                State.STALE,
                f'{run.work_dir} holds a training that this study has not '
                'started',
            )
        return Status(State.NOT_STARTED)
    if record.config_hash != run.config_hash:
        return Status(State.STALE, _changes(run, files))
    if read_json(files.result) is not None:
        return Status(State.FINISHED)
    resume = resume_checkpoint(run)
    last = record.attempts[-1]
    if last.returncode is None or last.returncode < 0:
        return Status(State.INTERRUPTED, _ending(last), resume)
    return Status(State.FAILED, last.error, resume)


def set_aside(run: Run) -> Path:
    """Move the folder of a stale run out of the way, so that it starts anew.

    Args:
        run: The run.

    Returns:
        Where it is now: ``<name>.stale-1`` or the next free number.
    """
    number = 1
    while (
        target := run.work_dir.with_name(f'{run.name}.stale-{number}')
    ).exists():
        number += 1
    run.work_dir.rename(target)
    return target


def _ending(attempt: Attempt) -> str:
    if attempt.returncode is None:
        return 'its end was not recorded'
    return f'ended by {signal.Signals(-attempt.returncode).name}'


def _changes(run: Run, files: Files) -> str:
    """The first keys of the config that are not as they were."""
    old = _flat(read_json(files.config) or {})
    new = _flat(json.loads(run.config_text))
    changed = [
        f'{key}: {old.get(key, "absent")} -> {new.get(key, "absent")}'
        for key in sorted({*old, *new})
        if old.get(key, _ABSENT) != new.get(key, _ABSENT)
    ]
    more = len(changed) - MAX_CHANGES
    return '; '.join(
        [
            *changed[:MAX_CHANGES],
            *([f'and {more} more'] if more > 0 else []),
        ]
    )


def _flat(node: Any, key: str = '') -> dict[str, Any]:
    """Dotted key to value."""
    if isinstance(node, dict):
        items = list(node.items())
    elif isinstance(node, list):
        items = list(enumerate(node))
    else:
        return {key: node}
    if not items:
        return {key: node}
    return {
        inner: value
        for name, child in items
        for inner, value in _flat(
            child, f'{key}.{name}' if key else f'{name}'
        ).items()
    }
