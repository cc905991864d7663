"""What became of an injected fault."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Outcome:
    """One fault and what followed.

    Attributes:
        fault: What was done, such as ``'SIGKILL at operation 12 (write)'``.
        survived: Whether what is promised came true.
        told: What was seen instead, or the message that the user gets.
        executed: Whether code from a file ran.
    """

    fault: str
    survived: bool
    told: str = ''
    executed: bool = False


@dataclass(frozen=True)
class Group:
    """Faults of one kind.

    Attributes:
        name: What is injected.
        promise: What has to come true for a fault to count as survived.
        run: Injects the faults in an empty folder. The second argument asks
            for the quick part only.
    """

    name: str
    promise: str
    run: Callable[[Path, bool], Iterator[Outcome]]
