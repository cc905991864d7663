"""What the charts of a study share."""

from typing import Any

from mmvision_ext.visualization.charts import SERIES_COLORS

from .spec import Study

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
    labels = dict.fromkeys(entry.label for entry in study.entries)
    return {
        label: SERIES_COLORS[index % len(SERIES_COLORS)]
        for index, label in enumerate(labels)
    }
