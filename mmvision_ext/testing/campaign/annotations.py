"""Annotation files of every kind, with faults in them."""

from collections.abc import Iterator
from pathlib import Path

from mmvision_ext.testing.annotation_campaign import judged_faults
from mmvision_ext.testing.annotation_targets import annotation_targets

from .outcome import Outcome


def faulty_annotations(folder: Path, fast: bool) -> Iterator[Outcome]:
    """Put faults into sound annotation files and read them.

    Args:
        folder: Where the files are made.
        fast: Whether each kind gets 20 faults in the place of 200.

    Yields:
        An outcome for each fault: survived if it was refused by a message
        that names file and field, or gave sound samples.
    """
    for target in annotation_targets(folder).values():
        for judged in judged_faults(target, 20 if fast else 200):
            yield Outcome(
                f'{judged.fault}: {judged.came}',
                judged.came != 'crashed',
                judged.told,
                judged.executed,
            )
