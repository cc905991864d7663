"""Attributes that a model gives to an image or to an object in it."""

import json
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

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Attribute:
    """One attribute of a result.

    Attributes:
        name: Its name.
        score: Its probability.
        group: Its group; empty where it has none.
    """

    name: str
    score: float
    group: str


@dataclass
class AttributeResult:
    """Scores of A attributes of an image or of an object in it.

    Attributes:
        source: The image.
        height: Its height in pixels.
        width: Its width in pixels.
        names: Names of the attributes, A of them.
        groups: Their groups, empty where one has none, A of them.
        scores: Probabilities, shape (A,), float32.
        thresholds: Score from which each attribute counts as present, shape
            (A,).
        box: x1, y1, x2, y2 of the object in pixels; None for a whole image.
    """

    source: ImageSource
    height: int
    width: int
    names: Sequence[str]
    groups: Sequence[str] = field(repr=False)
    scores: NDArray[np.float32]
    thresholds: NDArray[np.float64] = field(repr=False)
    box: Box | None = None

    def __len__(self) -> int:
        return len(self.scores)

    @property
    def summary(self) -> str:
        """The image, the object in it, and its attributes, in a line."""
        found = ', '.join(
            f'{item.name} {item.score:.2f}' for item in self.above()
        )
        place = ''
        if self.box is not None:
            corners = ', '.join(f'{value:g}' for value in self.box)
            place = f' ({corners})'
        return f'{self.source.name}{place}: {found or "no attribute"}'

    def above(self, threshold: float | None = None) -> list[Attribute]:
        """Attributes that count as present.

        Args:
            threshold: Score from which they do; None takes that of each
                attribute in ``thresholds``.

        Returns:
            The attributes, best first.
        """
        limits = self.thresholds if threshold is None else threshold
        return self._ordered(self.scores >= limits)

    def top(self, k: int) -> list[Attribute]:
        """Attributes with the highest scores.

        Args:
            k: Their number.

        Returns:
            At most k attributes, best first.

        Raises:
            InputError: k is no whole number, or below 1.
        """
        check_count(k, 'k')
        return self._ordered(np.ones(len(self), bool))[:k]

    def to_dict(self) -> dict[str, Any]:
        """The result as JSON takes it.

        Returns:
            ``image``, ``height``, ``width``, ``bbox`` (x, y, width, height,
            or None), ``attributes`` (names of those present, best first) and
            ``attribute_scores`` (every name to its score).
        """
        return dict(
            image=self.source.name,
            height=self.height,
            width=self.width,
            bbox=None if self.box is None else coco_box(self.box),
            attributes=[item.name for item in self.above()],
            attribute_scores=dict(
                zip(self.names, plain_scores(self.scores), strict=True)
            ),
        )

    def draw(self, k: int = 12, long_side: int | None = None) -> Picture:
        """Draw the image beside bars of its highest scores.

        A bar has the colour of its attribute's group, and a line at its
        threshold; attributes that reach it are written in bold.

        Args:
            k: Number of bars.
            long_side: Long side of the image in pixels; None keeps its size
                and enlarges small ones.

        Returns:
            RGB, shape (H, W, 3), uint8.
        """
        kinds = list(dict.fromkeys(self.groups))
        limits = dict(zip(self.names, self.thresholds.tolist(), strict=True))
        bars = [
            Bar(
                item.name,
                item.group,
                item.score,
                limits[item.name],
                spread_color(kinds.index(item.group)),
            )
            for item in self.top(k)
        ]
        return draw_attributes(
            self.source.read_rgb(), bars, self.box, long_side
        )

    def _ordered(self, chosen: NDArray[np.bool_]) -> list[Attribute]:
        order = np.argsort(-self.scores, kind='stable')
        return [
            Attribute(
                self.names[index],
                float(self.scores[index]),
                self.groups[index],
            )
            for index in order
            if chosen[index]
        ]


class AttributeResults(ResultList[AttributeResult]):
    """Attributes of several images or objects, in their order.

    Attributes:
        skipped: Message for each image of a folder, pattern or video that
            could not be read.
    """

    report = 'attributes.json'

    def to_dict(self) -> dict[str, Any]:
        """All results as JSON takes them.

        Returns:
            ``results``, see :meth:`AttributeResult.to_dict`, and ``skipped``.
        """
        return dict(
            results=[result.to_dict() for result in self],
            skipped=list(self.skipped),
        )

    def report_text(self) -> str:
        """Content of the file that :meth:`save` writes.

        Returns:
            :meth:`to_dict` as JSON.
        """
        return json.dumps(self.to_dict(), indent=1, ensure_ascii=False)

    def to_coco(self) -> dict[str, Any]:
        """All results as one COCO-style dict.

        Returns:
            ``images`` (id from 1, file_name, height, width), ``categories``
            (one, ``object``), ``annotations`` (id from 1, image_id,
            category_id, bbox, area, ``attributes``: names of those present,
            best first, and ``attribute_scores``, A numbers), and
            ``attribute_names`` and ``attribute_groups``, A each, as
            ``tools/auto_label.py`` writes them. A whole image is one object.
        """
        images: dict[int, dict[str, Any]] = {}
        annotations = []
        for image_id, result in self._numbered():
            images[image_id] = dict(
                id=image_id,
                file_name=result.source.name,
                height=result.height,
                width=result.width,
            )
            box = result.box or (0.0, 0.0, result.width, result.height)
            x, y, width, height = coco_box(box)
            annotations.append(
                dict(
                    image_id=image_id,
                    category_id=1,
                    bbox=[x, y, width, height],
                    area=width * height,
                    attributes=[item.name for item in result.above()],
                    attribute_scores=plain_scores(result.scores),
                )
            )
        content: dict[str, Any] = coco_content(
            list(images.values()), ['object'], annotations
        )
        content['attribute_names'] = list(self[0].names) if self else []
        content['attribute_groups'] = list(self[0].groups) if self else []
        return content

    def to_pandas(self) -> 'DataFrame':
        """All scores as a table.

        Returns:
            A row for each result: ``image``, ``x1``, ``y1``, ``x2``, ``y2``
            (pixels; missing for whole images) and a column for each
            attribute.

        Raises:
            InputError: pandas is not installed.
        """
        missing = (np.nan,) * 4
        rows = [
            {
                'image': result.source.name,
                **dict(
                    zip(
                        ('x1', 'y1', 'x2', 'y2'),
                        result.box or missing,
                        strict=True,
                    )
                ),
                **dict(zip(result.names, result.scores, strict=True)),
            }
            for result in self
        ]
        return data_frame(rows)


def coco_box(box: Box) -> list[float]:
    """A box as COCO writes it.

    Args:
        box: x1, y1, x2, y2 in pixels.

    Returns:
        x, y, width, height in pixels.
    """
    x1, y1, x2, y2 = (float(value) for value in box)
    return [x1, y1, x2 - x1, y2 - y1]


def plain_scores(scores: NDArray[np.float32]) -> list[float]:
    """Scores with the digits that a float32 has, and no more.

    Args:
        scores: Shape (A,).

    Returns:
        Numbers that become the same scores again as float32.
    """
    return [float(str(score)) for score in np.asarray(scores, np.float32)]
