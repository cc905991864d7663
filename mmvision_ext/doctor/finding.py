"""What a check of the environment says."""

from dataclasses import dataclass
from enum import Enum


class Level(str, Enum):
    """How much a finding matters."""

    OK = 'ok'
    NOTE = 'note'
    MEND = 'MEND'


@dataclass(frozen=True)
class Finding:
    """One line of the report.

    Attributes:
        level: ``MEND`` makes the doctor fail; a ``NOTE`` does not.
        subject: Package, device or group of operators.
        text: What was found, and what was expected where that differs.
        command: The command that mends it; empty when nothing is to do.
    """

    level: Level
    subject: str
    text: str
    command: str = ''
