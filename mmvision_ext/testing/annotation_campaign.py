"""Read annotation files with faults, and judge what came of each.

Every file of a :class:`Target` is tiny, so that a fault takes milliseconds.
"""

import contextlib
import gc
import io
import logging
import resource
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from mmengine.logging import MMLogger

from mmvision_ext.utils import InputError

from .annotation_faults import Mutation, Mutator, Payload, mutations

LONGEST_MESSAGE = 2500  # characters that a person may still read


class UnsoundSample(Exception):
    """A dataset was built out of a faulty file and gives nonsense."""


@dataclass(frozen=True)
class Target:
    """A kind of file and what reads it.

    Attributes:
        kind: Its name, for tables.
        file: The file; it is sound.
        mutate: What puts a fault into it.
        read: Reads the file as a training would, and checks every sample.
            Raises :class:`InputError` where the file is refused and
            :class:`UnsoundSample` where it should have been.
    """

    kind: str
    file: Path
    mutate: Mutator
    read: Callable[[], None]


@dataclass
class Tally:
    """What came of the faults of one kind.

    Attributes:
        kind: The kind of file.
        injected: Number of faults.
        refused: Of these, ended in a clear :class:`InputError`.
        accepted: Of these, gave sound samples.
        crashed: One line for each of the others: another exception, a
            message that names neither file nor place, or an unsound sample.
        payloads_run: Payloads that were run.
        grown_mb: Growth of the process's peak memory, in MB.
    """

    kind: str
    injected: int = 0
    refused: int = 0
    accepted: int = 0
    crashed: list[str] = field(default_factory=list)
    payloads_run: int = 0
    grown_mb: float = 0.0

    def row(self) -> str:
        """The counts as a row of a Markdown table."""
        counts = (self.injected, self.refused, self.accepted)
        return (
            f'| {self.kind} | {" | ".join(map(str, counts))} | '
            f'{len(self.crashed)} |'
        )


def run_campaign(target: Target, count: int = 200, seed: int = 0) -> Tally:
    """Put faults into a file, one at a time, and read it.

    Args:
        target: The file. It is sound again afterwards.
        count: Number of faults.
        seed: Seed of the faults.

    Returns:
        What came of them.
    """
    sound = target.file.read_bytes()
    tally = Tally(target.kind)
    before, runs = _peak_mb(), Payload.runs
    gc.freeze()  # mmengine collects garbage for every dataset
    try:
        for index, fault in enumerate(
            mutations(sound, target.mutate, count, seed)
        ):
            target.file.write_bytes(fault.content)
            with silence():
                problem = _judge(target, fault, tally)
            tally.injected += 1
            if problem:
                tally.crashed.append(f'{index}, {fault.what}: {problem}')
    finally:
        gc.unfreeze()
        target.file.write_bytes(sound)
    tally.payloads_run = Payload.runs - runs
    tally.grown_mb = _peak_mb() - before
    return tally


def _judge(target: Target, fault: Mutation, tally: Tally) -> str:
    """Read a faulty file; what is wrong with what came of it, or ''."""
    try:
        target.read()
    except InputError as error:
        problem = _unclear(str(error), target.file, fault)
        tally.refused += not problem
        return problem
    except Exception as error:  # what a user must never see
        last = error.__traceback__
        while last is not None and last.tb_next is not None:
            last = last.tb_next
        place = ''
        if last is not None:
            code = last.tb_frame.f_code
            place = f' in {Path(code.co_filename).name}:{last.tb_lineno}'
        return f'{type(error).__name__}: {str(error)[:300]}{place}'
    tally.accepted += 1
    return ''


def _unclear(message: str, file: Path, fault: Mutation) -> str:
    """What a message lacks, or ''."""
    if len(message) > LONGEST_MESSAGE:
        return f'a message of {len(message)} characters: {message[:100]}'
    try:
        message.encode('utf-8')
    except UnicodeEncodeError:
        return 'a message that no terminal can show'
    if file.name not in message:
        return f'a message without the file: {message[:500]}'
    names = [name.lower().removesuffix('s') for name in fault.names]
    if names and not any(name in message.lower() for name in names):
        return f'a message without any of {fault.names}: {message[:500]}'
    return ''


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Neither log nor print what datasets and trainings tell."""
    logger = MMLogger.get_current_instance()
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        logger.setLevel(level)


def _peak_mb() -> float:
    """Peak of the process's memory in MB; Linux counts kB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def summarise(tallies: list[Tally]) -> Counter[str]:
    """Add up the counts of several kinds.

    Args:
        tallies: Of each kind.

    Returns:
        ``injected``, ``refused``, ``accepted``, ``crashed`` and
        ``payloads_run``.
    """
    total: Counter[str] = Counter()
    for tally in tallies:
        total['injected'] += tally.injected
        total['refused'] += tally.refused
        total['accepted'] += tally.accepted
        total['crashed'] += len(tally.crashed)
        total['payloads_run'] += tally.payloads_run
    return total
