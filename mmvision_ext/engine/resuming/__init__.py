"""Parts of a resume that changes nothing."""

from .config_changes import describe_changes
from .place import (
    Place,
    accumulated_gradients,
    global_batch,
    is_validation_due,
    patience,
    restore_gradients,
    restore_patience,
)
from .seeded_batches import SeededBatches, SeededIndices, seed_batches
from .seeding import Stream, seed_generators
from .stateful_parts import find_stateful_parts

__all__ = [
    'Place',
    'SeededBatches',
    'SeededIndices',
    'Stream',
    'accumulated_gradients',
    'describe_changes',
    'find_stateful_parts',
    'global_batch',
    'is_validation_due',
    'patience',
    'restore_gradients',
    'restore_patience',
    'seed_batches',
    'seed_generators',
]
