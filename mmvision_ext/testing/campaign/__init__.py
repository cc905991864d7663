"""Faults, injected one after another into what has to survive them."""

from .annotations import faulty_annotations
from .configs import config_mutations
from .damaged_checkpoints import damaged_checkpoints, full_disk
from .images import corrupt_images
from .killed_trainings import (
    killed_at_file_operations,
    killed_at_random_moments,
)
from .outcome import Group, Outcome
from .signals import signals
from .unsafe import unsafe_files
from .wrong_values import wrong_values

__all__ = ['GROUPS', 'Group', 'Outcome']

_RESUMED = 'a good checkpoint, at most one save behind; the run resumes'
_REFUSED = 'refused with one message that names the file; no code is run'
_PASSED_OVER = 'the newest good checkpoint is found, the bad one named'
_NAMED = 'an error that names the file, or a counted replacement'

GROUPS = (
    Group('kill at file operation', _RESUMED, killed_at_file_operations),
    Group('kill at random moment', _RESUMED, killed_at_random_moments),
    Group('damaged checkpoint', _PASSED_OVER, damaged_checkpoints),
    Group('full disk', 'a message; the last checkpoint is kept', full_disk),
    Group('signal', 'saved at the step, resumed to the bit', signals),
    Group('NaN or infinity', 'a message; none of it is saved', wrong_values),
    Group('annotation', 'a message, or sound samples', faulty_annotations),
    Group('config', 'a message with the key path', config_mutations),
    Group('unsafe file', _REFUSED, unsafe_files),
    Group('corrupt image', _NAMED, corrupt_images),
)
