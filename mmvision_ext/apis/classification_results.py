"""What a classifier says of images."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mmvision_ext.utils.number_checks import check_count
from mmvision_ext.visualization.attribute_bars import Bar, draw_attributes
from mmvision_ext.visualization.draw import Picture
from mmvision_ext.visualization.palette import spread_color

from .result_list import ResultList, coco_content, data_frame
from .sources import ImageSource

if TYPE_CHECKING:
    from pandas import DataFrame

BEST = 5  # classes in a file or picture


@dataclass
class ClassificationResult:
    """Probabilities of C classes for one image.

    Attributes:
        source: The image.
        classes: Names of the classes, C of them.
        scores: Probabilities, shape (C,), float32.
    """

    source: ImageSource
    classes: Sequence[str] = field(repr=False)
    scores: NDArray[np.float32]

    @property
    def name(self) -> str:
        """The most probable class."""
        return self.classes[int(self.scores.argmax())]

    @property
    def summary(self) -> str:
        """The image and its most probable classes, in a line."""
        found = ', '.join(f'{name} {score:.2f}' for name, score in self.top(3))
        return f'{self.source.name}: {found}'

    def top(self, k: int = BEST) -> list[tuple[str, float]]:
        """The most probable classes.

        Args:
            k: Their number.

        Returns:
            At most k names with their probabilities, best first.

        Raises:
            InputError: k is no whole number, or below 1.
        """
        return [
            (self.classes[label], float(self.scores[label]))
            for label in self._best(k)
        ]

    def draw(self, k: int = BEST, long_side: int | None = None) -> Picture:
        """Draw the image beside bars of its most probable classes.

        Args:
            k: Number of bars.
            long_side: Long side of the image in pixels; None keeps its size
                and enlarges small ones.

        Returns:
            RGB, shape (H, W, 3), uint8.
        """
        bars = [
            Bar(name, '', score, None, spread_color(0))
            for name, score in self.top(k)
        ]
        return draw_attributes(self.source.read_rgb(), bars, None, long_side)

    def to_coco(
        self,
        image_id: int | str = 0,
        category_ids: Sequence[int] | None = None,
        k: int = 1,
    ) -> list[dict[str, Any]]:
        """The most probable classes as entries for the whole image.

        Args:
            image_id: Id of the image.
            category_ids: Id of each class. None numbers the classes from 1.
            k: Number of classes.

        Returns:
            Per class, best first, ``image_id``, ``category_id`` and
            ``score``: COCO's results without a box.
        """
        ids = category_ids or range(1, len(self.classes) + 1)
        return [
            dict(
                image_id=image_id,
                category_id=ids[label],
                score=float(self.scores[label]),
            )
            for label in self._best(k)
        ]

    def _best(self, k: int) -> list[int]:
        check_count(k, 'k')
        return np.argsort(-self.scores, kind='stable')[:k].tolist()


class ClassificationResults(ResultList[ClassificationResult]):
    """Classes of several images, in their order.

    Attributes:
        skipped: Message for each image of a folder, pattern or video that
            could not be read.
    """

    def to_coco(self, k: int = BEST) -> dict[str, list[dict[str, Any]]]:
        """The most probable classes as one COCO-style dict.

        COCO has no form for classes of whole images: an annotation is one
        class of one image, and has a ``score`` in the place of a box.

        Args:
            k: Number of classes of each image.

        Returns:
            ``images`` (id from 1, file_name), ``categories`` (id from 1,
            name) and ``annotations`` as
            :meth:`ClassificationResult.to_coco` gives them, with an ``id``.
        """
        images, annotations = [], []
        for image_id, result in enumerate(self, start=1):
            images.append(dict(id=image_id, file_name=result.source.name))
            annotations += result.to_coco(image_id, k=k)
        classes = self[0].classes if self else ()
        return coco_content(images, classes, annotations)

    def to_pandas(self, k: int = 1) -> 'DataFrame':
        """The most probable classes as a table.

        Args:
            k: Number of classes of each image.

        Returns:
            A row for each class of each image, best first: ``image``,
            ``rank`` (from 1), ``class`` and ``score``.

        Raises:
            InputError: pandas is not installed.
        """
        rows = [
            {
                'image': result.source.name,
                'rank': rank,
                'class': name,
                'score': score,
            }
            for result in self
            for rank, (name, score) in enumerate(result.top(k), start=1)
        ]
        return data_frame(rows, ('image', 'rank', 'class', 'score'))
