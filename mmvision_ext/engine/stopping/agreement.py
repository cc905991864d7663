"""Processes that all end after the same step."""

import torch
from torch import distributed


class Agreement:
    """Tells every process of a job what one of them was told.

    A process does not wait for the others: they exchange on the CPU, while
    the next step is computed, and learn the outcome after that step.
    All processes have to make it, and to call it after every step.
    """

    def __init__(self) -> None:
        self._group = (
            distributed.new_group(backend='gloo')
            if distributed.is_initialized()
            and distributed.get_world_size() > 1
            else None
        )
        self._number = torch.zeros(1, dtype=torch.int32)
        self._exchange: distributed.Work | None = None

    @property
    def is_needed(self) -> bool:
        """Whether there are other processes."""
        return self._group is not None

    def reach(self, number: int) -> int:
        """Tell the others, and learn what was told a step before.

        Args:
            number: The signal that this process has received, or 0.

        Returns:
            The largest that any process had told by the step before, the same
            on all; alone, what this process tells.
        """
        if self._group is None:
            return number
        agreed = 0
        if self._exchange is not None:
            self._exchange.wait()
            agreed = int(self._number)
        self._number.fill_(number)
        self._exchange = distributed.all_reduce(
            self._number,
            distributed.ReduceOp.MAX,
            group=self._group,
            async_op=True,
        )
        return agreed

    def conclude(self) -> None:
        """Wait for what is under way."""
        if self._exchange is not None:
            self._exchange.wait()
            self._exchange = None
