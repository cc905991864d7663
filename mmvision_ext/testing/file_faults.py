"""Faults at a chosen operation on a file, for tests of what must survive."""

import errno
import os
import signal
from types import TracebackType
from typing import Any
from unittest import mock

_NAMES = ('write', 'fsync', 'replace', 'unlink')


class FileFault:
    """Let the ``step``-th call of :mod:`os` that changes files go wrong.

    Counted are writing, flushing, renaming and removing, in the whole process
    while the object is entered. A write that goes wrong has written half.

    Args:
        step: Which call, from 0; None to count only.
        kind: ``'kill'`` ends the process with SIGKILL at that call;
            ``'full'`` raises the error of a full disk from there on, at every
            write.

    Attributes:
        calls: Names of the calls so far.
    """

    def __init__(self, step: int | None = None, kind: str = 'kill') -> None:
        self.step = step
        self.kind = kind
        self.calls: list[str] = []
        self._patches = [
            mock.patch.object(os, name, self._watched(name)) for name in _NAMES
        ]

    def __enter__(self) -> 'FileFault':
        for patch in self._patches:
            patch.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for patch in self._patches:
            patch.stop()

    def _watched(self, name: str) -> Any:
        original = getattr(os, name)

        def call(*arguments: Any, **options: Any) -> Any:
            step = len(self.calls)
            self.calls.append(name)
            if self.step is None or step < self.step:
                return original(*arguments, **options)
            half = memoryview(b'')
            if name == 'write':
                half = memoryview(arguments[1])[: len(arguments[1]) // 2]
            if self.kind == 'kill':
                if half:
                    original(arguments[0], half)
                os.kill(os.getpid(), signal.SIGKILL)
            if name != 'write':
                return original(*arguments, **options)
            if half and step == self.step:
                return original(arguments[0], half)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        return call
