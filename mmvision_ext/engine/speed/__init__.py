"""How fast a classifier trains, by which way, and where the time goes."""

from .breakdown import PARTS, measure_parts
from .measure import SpeedOptions, SpeedRow, measure_speed
from .report import append_speeds, parts_table, speed_table

__all__ = [
    'PARTS',
    'SpeedOptions',
    'SpeedRow',
    'append_speeds',
    'measure_parts',
    'measure_speed',
    'parts_table',
    'speed_table',
]
