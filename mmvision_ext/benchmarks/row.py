"""One line of the table that all benchmarks share."""

from dataclasses import dataclass


@dataclass(frozen=True)
class BenchmarkRow:
    """One thing, done by this project and by somebody else.

    Attributes:
        what: What was measured, with its size.
        ours: Value of this project, in ``unit``.
        peer_name: What it is compared with.
        peer: Value of that, in ``unit``.
        unit: ``'s'`` or ``'ms'``, of which less is better, or a rate such as
            ``'images/s'``.
        aim: What the project wants, such as ``'5x'``; empty for nothing.
        difference: How far the results are from each other, in words; empty
            where there are none to compare.
    """

    what: str
    ours: float
    peer_name: str
    peer: float
    unit: str
    aim: str = ''
    difference: str = ''

    @property
    def ratio(self) -> float:
        """How many times as fast ours is."""
        if self.unit.endswith('/s'):
            return self.ours / self.peer
        return self.peer / self.ours
