"""Faulty samples, counted over all processes that read a dataset."""

import torch
from mmengine.dist import all_reduce, get_world_size

from .faults import ImageFault


class Cases:
    """Which samples of a dataset are faulty, and what takes their place.

    The record lies in shared memory: the workers of a data loader write into
    it, and the process that started them reads it. A sample counts once,
    however often it is read.

    Args:
        length: Number of samples.

    Attributes:
        faults: uint8, (length,); an :class:`ImageFault`, 0 where none is
            known.
        replacements: int64, (length,); index of the sample that takes the
            place; -1 where none does.
    """

    def __init__(self, length: int) -> None:
        self.faults = torch.zeros(length, dtype=torch.uint8).share_memory_()
        self.replacements = torch.full((length,), -1).share_memory_()
        self._total = 0  # of all processes, when last compared

    def __len__(self) -> int:
        return int(self.faults.count_nonzero())

    def indices(self) -> list[int]:
        """Indices of the faulty samples, ascending."""
        return self.faults.nonzero().flatten().tolist()

    def add(self, index: int, fault: ImageFault) -> None:
        """Note a faulty sample.

        Args:
            index: Its index.
            fault: What is wrong with it.
        """
        self.faults[index] = int(fault)

    def merge(self) -> None:
        """Exchange the record with the other processes of a job.

        All of them have to call it; afterwards each has all cases.
        """
        if get_world_size() == 1:
            return
        total = torch.tensor([len(self)])
        all_reduce(total)
        if int(total) == self._total:
            return
        self._total = int(total)
        for own in (self.faults, self.replacements):
            merged = own.clone()
            all_reduce(merged, 'max')
            # Workers write meanwhile: nothing may be overwritten with less.
            is_new = merged > own
            own[is_new] = merged[is_new]
