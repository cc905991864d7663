"""Losses, gradients and weights that are not finite."""

from .guard import StepGuard
from .record import Fault, samples_of, write_fault
from .weights import NonFiniteError, infinite_buffers, require_finite

__all__ = [
    'Fault',
    'NonFiniteError',
    'StepGuard',
    'infinite_buffers',
    'require_finite',
    'samples_of',
    'write_fault',
]
