"""Losses, gradients and weights that are not finite."""

from .guard import StepGuard
from .record import Fault, samples_of, write_fault
from .weights import NonFiniteError, non_finite_at_start, require_finite

__all__ = [
    'Fault',
    'NonFiniteError',
    'StepGuard',
    'non_finite_at_start',
    'require_finite',
    'samples_of',
    'write_fault',
]
