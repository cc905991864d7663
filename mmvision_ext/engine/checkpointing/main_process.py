"""Work of one process whose outcome all processes learn."""

from collections.abc import Callable
from typing import TypeVar

from mmengine.dist import broadcast_object_list, is_main_process

from mmvision_ext.utils import InputError

from .safe_save import CheckpointWriteError

T = TypeVar('T')


def on_main_process(work: Callable[[], T]) -> T:
    """Do something on the main process while the others wait.

    Args:
        work: What is done; its result can be pickled.

    Returns:
        Its result, on every process.

    Raises:
        CheckpointWriteError: On every process, where the work raised it.
        InputError: On the other processes, where the work raised anything
            else; the main process raises that.
    """
    failure: Exception | None = None
    outcome: list = [None, None, None]  # result, kind of error, its text
    if is_main_process():
        try:
            outcome[0] = work()
        except Exception as error:
            failure = error
            kind = (
                CheckpointWriteError
                if isinstance(error, CheckpointWriteError)
                else InputError
            )
            outcome[1:] = [kind, f'{type(error).__name__}: {error}']
    broadcast_object_list(outcome)
    result, kind, text = outcome
    if failure is not None:
        raise failure
    if kind is not None:
        raise kind(f'the main process failed: {text}')
    return result
