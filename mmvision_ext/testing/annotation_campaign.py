"""Read annotation files with faults, and judge what came of each.

Every file of a :class:`Target` is tiny, so that a fault takes milliseconds.
"""

import contextlib
import gc
import io
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mmengine.logging import MMLogger

from mmvision_ext.utils import InputError

from .annotation_faults import Mutation, Mutator, Payload, mutations

Verdict = Literal['refused', 'accepted', 'crashed']

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


@dataclass(frozen=True)
class Judgement:
    """What came of one fault.

    Attributes:
        fault: The kind of file, the fault's number and what was done.
        came: ``'refused'`` by a clear :class:`InputError`, ``'accepted'``
            with sound samples, or ``'crashed'``: another exception, a message
            that names neither file nor place, or an unsound sample.
        told: The message, or what was wrong; empty where it was accepted.
        executed: Whether a payload ran.
    """

    fault: str
    came: Verdict
    told: str
    executed: bool


def judged_faults(target: Target, count: int) -> Iterator[Judgement]:
    """Put faults into a file, one at a time, and read it.

    Args:
        target: The file. It is sound again afterwards.
        count: Number of faults.

    Yields:
        What came of each.
    """
    sound = target.file.read_bytes()
    gc.freeze()  # mmengine collects garbage for every dataset
    try:
        for index, fault in enumerate(mutations(sound, target.mutate, count)):
            target.file.write_bytes(fault.content)
            runs = Payload.runs
            with silence():
                came, told = _judge(target, fault)
            name = f'{target.kind} {index}: {fault.what}'
            yield Judgement(name, came, told, Payload.runs > runs)
    finally:
        gc.unfreeze()
        target.file.write_bytes(sound)


def _judge(target: Target, fault: Mutation) -> tuple[Verdict, str]:
    """Read a faulty file; what came of it, and what was told."""
    try:
        target.read()
    except InputError as error:
        message = str(error)
        problem = _unclear(message, target.file, fault)
        return ('crashed', problem) if problem else ('refused', message)
    except Exception as error:  # what a user must never see
        last = error.__traceback__
        while last is not None and last.tb_next is not None:
            last = last.tb_next
        place = ''
        if last is not None:
            code = last.tb_frame.f_code
            place = f' in {Path(code.co_filename).name}:{last.tb_lineno}'
        told = f'{type(error).__name__}: {str(error)[:300]}{place}'
        return 'crashed', told
    return 'accepted', ''


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
