"""Errors and checks that every part uses."""

from .errors import BRIEF, InputError, brief, reason_of

__all__ = ['BRIEF', 'InputError', 'brief', 'reason_of']
