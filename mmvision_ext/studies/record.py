"""The files of a run that are ours, in its folder ``study``."""

import json
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from mmvision_ext.engine.checkpointing import write_text
from mmvision_ext.utils import InputError

from .plan import Run


@dataclass
class Attempt:
    """One start of a training.

    Attributes:
        start: UTC time, ISO 8601.
        command: The command as it was started.
        commit: The commit of the code.
        log: File with what the training printed.
        hardware: What it ran on; empty until it ended.
        seconds: How long it ran; None until it ended.
        returncode: Exit status, negative for a signal; None until it ended.
        error: The end of its log where it failed.
    """

    start: str
    command: str
    commit: str
    log: str
    hardware: str = ''
    seconds: float | None = None
    returncode: int | None = None
    error: str = ''

    def duration(self) -> float:
        """Seconds it ran; to the last line of its log where it was cut off.

        Returns:
            Seconds.
        """
        if self.seconds is not None:
            return self.seconds
        log = Path(self.log)
        if not log.is_file():
            return 0.0
        begun = datetime.fromisoformat(self.start).timestamp()
        return max(0.0, log.stat().st_mtime - begun)


@dataclass
class Record:
    """What is known of a run that was started.

    Attributes:
        config_hash: Of the config that it was started with.
        attempts: Its starts.
    """

    config_hash: str
    attempts: list[Attempt] = field(default_factory=list)


@dataclass(frozen=True)
class Files:
    """Paths of a run.

    Attributes:
        work_dir: Folder of the run.
    """

    work_dir: Path

    @property
    def folder(self) -> Path:
        """Folder of the files below."""
        return self.work_dir / 'study'

    @property
    def record(self) -> Path:
        """Attempts and config hash."""
        return self.folder / 'run.json'

    @property
    def config(self) -> Path:
        """The resolved config that the run was started with."""
        return self.folder / 'config.json'

    @property
    def result(self) -> Path:
        """Metrics; there only when the run is finished."""
        return self.folder / 'result.json'

    @property
    def lock(self) -> Path:
        """Lock of the run."""
        return self.folder / 'lock'

    def log(self, number: int) -> Path:
        """What the training printed.

        Args:
            number: Number of the attempt, from 1.

        Returns:
            The file.
        """
        return self.folder / f'attempt_{number}.log'


def now() -> str:
    """The time, UTC, ISO 8601, in seconds."""
    return datetime.now(timezone.utc).isoformat(timespec='seconds')


def read_record(run: Run) -> Record | None:
    """Read the record of a run.

    Args:
        run: The run.

    Returns:
        The record; None where it was never started.

    Raises:
        InputError: The file is damaged, or of another version.
    """
    content = read_json(Files(run.work_dir).record)
    if content is None:
        return None
    try:
        attempts = [Attempt(**item) for item in content['attempts']]
        return Record(content['config_hash'], attempts)
    except (KeyError, TypeError) as error:
        raise InputError(
            f'{Files(run.work_dir).record}: expected config_hash and attempts '
            f'as this version writes them, found others ({error}). Move the '
            'folder of the run away to train it again.'
        ) from error


def write_record(run: Run, record: Record) -> None:
    """Write the record of a run.

    Args:
        run: The run.
        record: What is known of it.
    """
    write_json(Files(run.work_dir).record, asdict(record))


def read_json(path: Path) -> Any:
    """Read a JSON file of ours.

    Args:
        path: The file.

    Returns:
        Its content; None where there is no such file.

    Raises:
        InputError: It is damaged.
    """
    if not path.is_file():
        return None
    try:
        return json.loads(path.read_text('utf-8'))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InputError(
            f'{path}: expected JSON, found {error}. Move the folder of the '
            'run away to train it again.'
        ) from error


def write_json(path: Path, content: Any) -> None:
    """Write a JSON file so that it is there whole or not at all.

    Args:
        path: The file.
        content: What JSON can hold.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, json.dumps(content, indent=1))
