"""What the charts of a study share."""

from collections.abc import Sequence
from typing import Any

from mmvision_ext.visualization.charts import SERIES_COLORS

from .spec import Study

LineStyle = tuple[float, Sequence[float]]
# Labels beyond the colours differ from earlier ones by their line.
LINE_STYLES: tuple[LineStyle, ...] = (
    (0, ()),
    (0, (4, 1.5)),
    (0, (1, 1)),
)

PANELS_PER_ROW = 3
# Any: matplotlib types the keys as literals.
CHANCE_LINE: dict[str, Any] = dict(
    color='#444444', linestyle=':', linewidth=1.4
)


def label_colors(study: Study) -> dict[str, str]:
    """One colour a label, the same in all groups.

    Args:
        study: The study.

    Returns:
        Label to colour.
    """
    return {
        label: SERIES_COLORS[index % len(SERIES_COLORS)]
        for label, index in _places(study).items()
    }


def label_lines(study: Study) -> dict[str, LineStyle]:
    """One kind of line a label, which tells labels of one colour apart.

    Args:
        study: The study.

    Returns:
        Label to line style.
    """
    return {
        label: LINE_STYLES[index // len(SERIES_COLORS) % len(LINE_STYLES)]
        for label, index in _places(study).items()
    }


def has_own_labels(study: Study) -> bool:
    """Whether groups are of different things and too many for one legend.

    Args:
        study: The study.

    Returns:
        True where no label is in two groups and there are more labels than
        colours: each group then has all colours, and a legend of its own.
    """
    labels = [entry.label for entry in study.entries]
    return len(labels) > len(SERIES_COLORS) and len({*labels}) == len(labels)


def _places(study: Study) -> dict[str, int]:
    """Position of each label in its group, or among all labels."""
    own = has_own_labels(study)
    places: dict[str, dict[str, int]] = {}
    for entry in study.entries:
        among = places.setdefault(entry.group if own else '', {})
        among.setdefault(entry.label, len(among))
    return {k: v for among in places.values() for k, v in among.items()}
