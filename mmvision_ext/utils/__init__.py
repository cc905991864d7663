"""Errors and checks that every part uses."""

from .errors import InputError

__all__ = ['InputError']
