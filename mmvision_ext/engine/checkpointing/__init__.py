"""Reading checkpoints, and what they give to a model."""

from .by_order import rename_by_order
from .load_report import LoadReport, match_state_dict
from .safe_load import read_checkpoint

__all__ = [
    'LoadReport',
    'match_state_dict',
    'read_checkpoint',
    'rename_by_order',
]
