"""Image files that cannot be read as expected."""

from .case_file import CASE_FILE, read_entries, write_entry
from .cases import Cases
from .faults import ImageFault, file_fault, is_cut_off, lacks_end
from .guard import ImageError, ImageGuard, guard_dataset
from .inspect import ImageRecord, inspect_image
from .reading import find_loader, image_path, iter_leaves

__all__ = [
    'CASE_FILE',
    'Cases',
    'ImageError',
    'ImageFault',
    'ImageGuard',
    'ImageRecord',
    'file_fault',
    'find_loader',
    'guard_dataset',
    'image_path',
    'inspect_image',
    'is_cut_off',
    'iter_leaves',
    'lacks_end',
    'read_entries',
    'write_entry',
]
