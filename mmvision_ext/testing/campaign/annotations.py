"""Annotation files of every kind, with faults in them."""

from collections.abc import Iterator
from pathlib import Path

from mmvision_ext.testing.annotation_campaign import run_campaign
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
        tally = run_campaign(target, 20 if fast else 200)
        good = tally.injected - len(tally.crashed)
        for number in range(good):
            what = 'refused' if number < tally.refused else 'harmless'
            ran = number < tally.payloads_run
            yield Outcome(f'{target.kind}: {what}', True, executed=ran)
        for told in tally.crashed:
            yield Outcome(target.kind, False, told)
