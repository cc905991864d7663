"""A signal that is noted and obeyed later; a second one is obeyed at once."""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

#: Ctrl-C; scancel, preemption and kill; what Slurm jobs ask for ahead of
#: their time limit (``--signal``), the last as submitit does.
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2)

# Launchers pass a signal on that the terminal or Slurm sent to all processes.
_ECHO = 1.0  # seconds in which further signals are the first one again


class StopRequest:
    """Handlers of :data:`SIGNALS` while something runs.

    The first signal is noted. One that comes a second later, or more, ends
    this process and its children as if there were no handler.

    Args:
        is_running: Whether, seen from the interrupted frame, that something
            still runs. Otherwise the handlers that were there before are put
            back, and get the signal.

    Attributes:
        received: Number of the first signal; 0 before.
    """

    def __init__(self, is_running: Callable[[FrameType | None], bool]) -> None:
        self.received = 0
        self._is_running = is_running
        self._since = 0.0
        self._previous: dict[int, Any] = {}

    def watch(self) -> bool:
        """Take over the handlers.

        Returns:
            False where Python does not let this thread do it.
        """
        if threading.current_thread() is not threading.main_thread():
            return False
        for number in SIGNALS:
            self._previous[number] = signal.signal(number, self._note)
        return True

    def release(self) -> None:
        """Put the handlers back that were there before."""
        while self._previous:
            number, handler = self._previous.popitem()
            # None: it was set by other than Python.
            signal.signal(
                number, signal.SIG_DFL if handler is None else handler
            )

    def _note(self, number: int, frame: FrameType | None) -> None:
        if not self._is_running(frame):
            self.release()
            os.kill(os.getpid(), number)
        elif not self.received:
            self.received, self._since = number, time.monotonic()
            name = signal.Signals(number).name
            # Neither print nor logging: this may have interrupted one.
            os.write(
                2,
                f'\n{name}: the training saves after this step and ends; '
                'once more ends it at once.\n'.encode(),
            )
        elif time.monotonic() - self._since >= _ECHO:
            for child in multiprocessing.active_children():
                child.kill()
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)


def exit_status(number: int) -> int:
    """Exit status of a process that obeyed a signal, as shells give it.

    Args:
        number: The signal.

    Returns:
        128 more: 130 for SIGINT, 143 for SIGTERM.
    """
    return 128 + number


def ended_by(status: int) -> int:
    """The signal behind an exit status.

    Args:
        status: As :attr:`subprocess.Popen.returncode`.

    Returns:
        Its number; 0 where it was none that a training obeys.
    """
    if status < 0:
        return -status
    return status - 128 if status - 128 in SIGNALS else 0
