"""Errors and checks that every part uses."""

from .errors import BRIEF, InputError, brief

__all__ = ['BRIEF', 'InputError', 'brief']
