"""What a search is: the content of its YAML file, checked."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from mmvision_ext.studies.overrides import check_overrides
from mmvision_ext.studies.spec import NUMBER
from mmvision_ext.studies.yaml_file import check_keys, check_type, read_yaml
from mmvision_ext.utils import InputError

REQUIRED = ('name', 'data', 'config', 'metric', 'trials', 'space')
OPTIONAL = ('overrides', 'goal', 'seed')


@dataclass(frozen=True)
class Range:
    """Values of one setting.

    Attributes:
        low: Smallest number; None where there are choices.
        high: Largest number.
        log: Whether numbers are drawn evenly by their logarithm.
        whole: Whether they are whole numbers.
        choices: What is chosen from; empty for numbers.
    """

    low: float | None = None
    high: float | None = None
    log: bool = False
    whole: bool = False
    choices: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Search:
    """A search file.

    Attributes:
        path: The file.
        name: Of the search and of its folder under ``work_dirs``.
        data: What is trained and validated on.
        config: Config file; its validation data choose, so they must not be
            the test data.
        metric: As the log names it.
        goal: Whether the metric should be large or small.
        trials: Number of trainings.
        seed: Of the proposals and of the trainings.
        overrides: Dotted key to value, for all trainings.
        space: Dotted key to its values.
    """

    path: Path
    name: str
    data: str
    config: str
    metric: str
    goal: Literal['maximize', 'minimize']
    trials: int
    seed: int
    overrides: Mapping[str, Any]
    space: Mapping[str, Range]


def read_search(path: str | Path) -> Search:
    """Read a search file.

    Args:
        path: The YAML file.

    Returns:
        Its content.

    Raises:
        InputError: A key is missing, unknown, or has a value that does not
            fit.
    """
    path = Path(path)
    content = read_yaml(path)
    check_keys(content, REQUIRED, OPTIONAL, str(path))
    for key in ('name', 'data', 'config', 'metric'):
        check_type(content[key], str, 'a text', f'{path}: {key}')
    trials = check_type(
        content['trials'], int, 'a whole number', f'{path}: trials'
    )
    seed = check_type(
        content.get('seed', 0), int, 'a whole number', f'{path}: seed'
    )
    goal = content.get('goal', 'maximize')
    if trials < 1 or goal not in ('maximize', 'minimize'):
        raise InputError(
            f'{path}: expected trials of at least 1, and maximize or minimize '
            f'as goal, found {trials} and {goal!r}.'
        )
    space = check_type(
        content['space'], Mapping, 'dotted keys', f'{path}: space'
    )
    return Search(
        path=path,
        name=content['name'],
        data=content['data'],
        config=content['config'],
        metric=content['metric'],
        goal=goal,
        trials=trials,
        seed=seed,
        overrides=check_overrides(
            content.get('overrides'), f'{path}: overrides'
        ),
        space={
            key: _read_range(value, f'{path}: space: {key}')
            for key, value in space.items()
        },
    )


def _read_range(content: Any, place: str) -> Range:
    if isinstance(content, Mapping) and 'choices' in content:
        check_keys(content, ('choices',), (), place)
        choices = check_type(content['choices'], list, 'a list', place)
        parsed = (check_overrides({'choice': it}, place) for it in choices)
        return Range(choices=tuple(it['choice'] for it in parsed))
    check_keys(content, ('low', 'high'), ('log',), place)
    low, high = (
        _number(content[key], f'{place}: {key}') for key in ('low', 'high')
    )
    log = content.get('log', False)
    if low >= high or not isinstance(log, bool) or (log and low <= 0):
        raise InputError(
            f'{place}: expected low < high, and above 0 with log: true, found '
            f'{dict(content)}.'
        )
    whole = isinstance(low, int) and isinstance(high, int)
    return Range(low, high, log, whole)


def _number(value: Any, place: str) -> float:
    if isinstance(value, str):  # 1e-3 is a text in YAML
        try:
            return float(value)
        except ValueError:
            pass
    return check_type(value, NUMBER, 'a number', place)
