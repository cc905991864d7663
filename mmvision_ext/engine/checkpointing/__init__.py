"""Reading checkpoints, and what they give to a model."""

from .by_order import rename_by_order
from .load_report import LoadReport, arrived_fraction, match_state_dict
from .safe_load import read_checkpoint
from .state import STRIP_WRAPPER, Renames, state_of

__all__ = [
    'STRIP_WRAPPER',
    'LoadReport',
    'Renames',
    'arrived_fraction',
    'match_state_dict',
    'read_checkpoint',
    'rename_by_order',
    'state_of',
]
