"""Whether two models find the same in an image."""

from dataclasses import dataclass

from .ways import Found

_PIXELS = 0.1  # to which the edges of boxes have to agree
_SCORE = 0.001  # and their scores


@dataclass(frozen=True)
class Equality:
    """How far detections are from those of a reference.

    Attributes:
        total: Detections of the reference.
        same: Those that the other has too: of the same class, every edge of
            the box within 0.1 pixels and the score within 0.001.
        pixels: Share of the pixels in the masks of these that are equal,
            over pixels inside either; nan without such detections.
    """

    total: int
    same: int
    pixels: float

    def __str__(self) -> str:
        boxes = f'{self.same} of {self.total} boxes equal'
        if not self.same:
            return boxes
        return f'{boxes}, their masks to {self.pixels:.2%}'


def compare_found(reference: Found, found: Found) -> Equality:
    """Look for every detection of a reference among others.

    Args:
        reference: What the eager model finds.
        found: What another way finds.

    Returns:
        How many are there, and how equal their masks are.
    """
    same = inside = both = 0
    for box, score, label, mask in zip(*reference, strict=True):
        alike = (
            (found.labels == label)
            & ((found.boxes - box).abs().amax(dim=1) < _PIXELS)
            & ((found.scores - score).abs() < _SCORE)
        ).nonzero()
        if len(alike):
            other = found.masks[alike[0, 0]]
            same += 1
            inside += int((mask | other).sum())
            both += int((mask & other).sum())
    return Equality(
        total=len(reference.boxes),
        same=same,
        pixels=both / inside if inside else float('nan'),
    )
