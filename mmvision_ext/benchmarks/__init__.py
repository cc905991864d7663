"""What is measured against what, by name and in one table.

The measuring itself lies beside what is measured; here it gets a name, a size
and a row. ``tools/benchmarks/run.py`` is the command.
"""

from .row import BenchmarkRow
from .suite import BENCHMARKS, run_benchmarks

__all__ = [
    'BENCHMARKS',
    'BenchmarkRow',
    'run_benchmarks',
]
