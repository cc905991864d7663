"""Features of a batch for a detector whose classes are words."""

from collections.abc import Iterable

from torch import Tensor


class GuidedFeatures(tuple[Tensor, ...]):
    """Pyramid levels, beside what the detector knows of images and words.

    A tuple of the levels, each (N, C, H, W), as the parts of mmdet expect it.

    Args:
        levels: The levels.
        images: The normalised images, shape (N, 3, H, W).
        overview: Global features of the images, shape (N, G); None where no
            head asks for them.
        words: Features of the words in use, of length 1, shape (K, D).
    """

    images: Tensor
    overview: Tensor | None
    words: Tensor

    def __new__(
        cls,
        levels: Iterable[Tensor],
        images: Tensor,
        overview: Tensor | None,
        words: Tensor,
    ) -> 'GuidedFeatures':
        """Make the tuple."""
        features = super().__new__(cls, levels)
        features.images = images
        features.overview = overview
        features.words = words
        return features
