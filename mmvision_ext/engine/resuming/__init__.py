"""Parts of a resume that changes nothing."""

from .config_changes import describe_changes
from .place import (
    Place,
    accumulated_gradients,
    accumulation_counts,
    global_batch,
    is_validation_due,
    patience,
    read_place,
    restore_counts,
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
    'accumulation_counts',
    'describe_changes',
    'find_stateful_parts',
    'global_batch',
    'is_validation_due',
    'patience',
    'read_place',
    'restore_counts',
    'restore_gradients',
    'restore_patience',
    'seed_batches',
    'seed_generators',
]
