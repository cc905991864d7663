"""Ending a training on request, between two of its steps."""

from .agreement import Agreement
from .request import SIGNALS, StopRequest, ended_by, exit_status
from .swapped_weights import SwappedWeights
from .workers import shield_workers

__all__ = [
    'SIGNALS',
    'Agreement',
    'StopRequest',
    'SwappedWeights',
    'ended_by',
    'exit_status',
    'shield_workers',
]
