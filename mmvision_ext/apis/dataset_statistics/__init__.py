"""What a dataset holds: classes, sizes, what occurs together."""

from .measure import DatasetStatistics, measure_config, measure_dataset
from .report import write_statistics

__all__ = [
    'DatasetStatistics',
    'measure_config',
    'measure_dataset',
    'write_statistics',
]
