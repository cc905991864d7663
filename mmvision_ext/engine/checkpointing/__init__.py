"""Reading and saving checkpoints, and what they give to a model."""

from .by_order import rename_by_order
from .checksum import (
    archive_fault,
    checksum_fault,
    checksum_path,
    fault_of,
)
from .download import fetch
from .durable import write_text
from .load_report import LoadReport, arrived_fraction, match_state_dict
from .main_process import on_main_process
from .newest import (
    LAST_CHECKPOINT,
    TEMPLATES,
    Newest,
    has_checkpoints,
    newest_good,
)
from .optimizer_state import require_optimizer_state
from .safe_load import read_checkpoint, trust_checkpoint
from .safe_save import (
    CheckpointWriteError,
    content_digest,
    remove_checkpoint,
    remove_leftovers,
    write_checkpoint,
)
from .sources import read_source, use_safe_loader
from .state import STRIP_WRAPPER, Renames, state_of
from .training_state import require_state

__all__ = [
    'LAST_CHECKPOINT',
    'STRIP_WRAPPER',
    'TEMPLATES',
    'CheckpointWriteError',
    'LoadReport',
    'Newest',
    'Renames',
    'archive_fault',
    'arrived_fraction',
    'checksum_fault',
    'checksum_path',
    'content_digest',
    'fault_of',
    'fetch',
    'has_checkpoints',
    'match_state_dict',
    'newest_good',
    'on_main_process',
    'read_checkpoint',
    'read_source',
    'remove_checkpoint',
    'remove_leftovers',
    'rename_by_order',
    'require_optimizer_state',
    'require_state',
    'state_of',
    'trust_checkpoint',
    'use_safe_loader',
    'write_checkpoint',
    'write_text',
]
