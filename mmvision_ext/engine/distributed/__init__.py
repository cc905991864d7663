"""Jobs of several processes that end with one clear message."""

from .failure_report import is_lost_peer, report_failure
from .job_end import describe_failures

__all__ = [
    'describe_failures',
    'is_lost_peer',
    'report_failure',
]
