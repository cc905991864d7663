"""What is made of the results of a study, as its file says."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from mmvision_ext.utils import InputError
from mmvision_ext.utils.nearest import nearest

from .yaml_file import check_type

SIZE = '[height, width] of the input in pixels, such as [32, 32]'


class Chart(str, Enum):
    """A chart of a study; its value is its name in the study file."""

    BARS = 'bars'
    CURVES = 'curves'
    PARAMETERS = 'parameters'
    OPERATIONS = 'operations'
    TIME = 'time'
    EFFICIENCY = 'efficiency'


USUAL_CHARTS = (Chart.BARS, Chart.CURVES)
COST_CHARTS = (Chart.PARAMETERS, Chart.OPERATIONS, Chart.EFFICIENCY)


@dataclass(frozen=True)
class Analysis:
    """What is made of the results beside the summary.

    Attributes:
        charts: The charts to draw.
        input_size: Height and width in pixels of the input for which
            parameters and multiply-adds are counted; None counts none.
        level: Level of the tests against the baseline, such as 0.05; None
            makes none.
    """

    charts: tuple[Chart, ...] = USUAL_CHARTS
    input_size: tuple[int, int] | None = None
    level: float | None = None


def read_analysis(content: Mapping[str, Any], place: str) -> Analysis:
    """Read the keys ``charts``, ``input_size`` and ``significance``.

    Args:
        content: What the study file says.
        place: The file, for the message.

    Returns:
        What it asks for; bars and curves where it has none of these keys.

    Raises:
        InputError: A value has a wrong type, a chart is unknown or needs
            ``input_size``, or there is no baseline to test against.
    """
    charts: tuple[Chart, ...] = USUAL_CHARTS
    if 'charts' in content:
        charts = _charts(content['charts'], f'{place}: charts')
    size = None
    if 'input_size' in content:
        size = _size(content['input_size'], f'{place}: input_size')
    costly = [chart.value for chart in charts if chart in COST_CHARTS]
    if costly and size is None:
        raise InputError(
            f'{place}: charts: {", ".join(costly)} need counts of the '
            f'networks, for which input_size was expected, found none. Add '
            'input_size: [height, width].'
        )
    level = None
    if 'significance' in content:
        level = _level(content, f'{place}: significance')
    return Analysis(charts, size, level)


def _charts(content: Any, place: str) -> tuple[Chart, ...]:
    check_type(content, list, 'a list of charts', place)
    known = [chart.value for chart in Chart]
    for name in content:
        if name not in known:
            raise InputError(
                f"{place}: no chart '{name}' is known{nearest(name, known)}"
            )
    return tuple(dict.fromkeys(map(Chart, content)))


def _size(content: Any, place: str) -> tuple[int, int]:
    check_type(content, list, SIZE, place)
    for value in content:
        check_type(value, int, SIZE, place)
    if len(content) != 2 or min(content) < 1:
        raise InputError(f'{place}: expected {SIZE}, found {content}.')
    return content[0], content[1]


def _level(content: Mapping[str, Any], place: str) -> float:
    level = check_type(
        content['significance'], float, 'a level such as 0.05', place
    )
    if not 0 < level < 1:
        raise InputError(
            f'{place}: expected a level between 0 and 1, such as 0.05, found '
            f'{level}.'
        )
    if 'baseline' not in content:
        raise InputError(
            f'{place}: expected a baseline to test against, found none. Add '
            'baseline: LABEL, or take significance out.'
        )
    return level
