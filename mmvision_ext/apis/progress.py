"""Progress of long work, on the error stream."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

Item = TypeVar('Item')


def track(
    items: Iterable[Item], description: str, total: int, visible: bool = True
) -> Iterator[Item]:
    """Pass items on and show how many are done and how long is left.

    Args:
        items: What is worked through.
        description: What is being done.
        total: Number of items.
        visible: False shows nothing.

    Yields:
        The items.
    """
    bar = Progress(
        TextColumn('{task.description}'),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(elapsed_when_finished=True),
        console=Console(stderr=True),
        disable=not visible,
    )
    with bar:
        task = bar.add_task(description, total=total)
        for item in items:
            yield item
            bar.advance(task)
