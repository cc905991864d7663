"""What can be wrong with a dataset on disk."""

from mmvision_ext.utils import InputError


class AnnotationError(InputError):
    """An annotation file is malformed; the message names file and field."""


class DatasetError(InputError):
    """A dataset cannot be used as configured; the message names the key."""
