"""Hyper-parameter search: Optuna proposes, studies train."""

from .report import write_trials
from .run import run_search
from .spec import Range, Search, read_search

__all__ = ['Range', 'Search', 'read_search', 'run_search', 'write_trials']
