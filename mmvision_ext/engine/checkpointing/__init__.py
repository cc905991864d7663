"""What a checkpoint gives to a model."""

from .by_order import rename_by_order
from .load_report import LoadReport, match_state_dict

__all__ = ['LoadReport', 'match_state_dict', 'rename_by_order']
