"""Processes that tests fork."""

import gc
import multiprocessing
import os


class Remains:
    """Garbage that only the collector finds; it ends the process then."""

    def __init__(self) -> None:
        self.itself = self
        self.process = os.getpid()

    def __del__(self) -> None:
        if os.getpid() != self.process:
            os._exit(1)


def test_what_others_left_behind_is_left_alone() -> None:
    gc.disable()
    try:
        Remains()
        process = multiprocessing.get_context('fork').Process(
            target=gc.collect
        )
        process.start()
    finally:
        gc.enable()
    process.join()
    assert process.exitcode == 0
