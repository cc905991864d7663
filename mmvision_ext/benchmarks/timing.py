"""Seconds of the processor, of calls that are timed in turn."""

import time
from collections.abc import Callable, Mapping

from mmvision_ext.apis.progress import track


def processor_seconds(
    calls: Mapping[str, Callable[[], object]],
    rounds: int,
    description: str,
    warm_up: int = 1,
) -> dict[str, float]:
    """Time calls in turn, by the time that the processor gives to them.

    Other work on the machine then counts little: it can only lengthen a call,
    by what it takes of caches and memory, so the shortest counts. Threads of
    one process add up: let everything compute on one.

    Args:
        calls: Name to what is timed.
        rounds: How often each is timed.
        description: What is timed, for the progress bar.
        warm_up: How often each is called before.

    Returns:
        Name to the shortest time in seconds.
    """
    shortest = dict.fromkeys(calls, float('inf'))
    turns = [
        (number, name) for number in range(warm_up + rounds) for name in calls
    ]
    for number, name in track(turns, description, len(turns)):
        start = time.process_time()
        calls[name]()
        seconds = time.process_time() - start
        if number >= warm_up:
            shortest[name] = min(shortest[name], seconds)
    return shortest
