"""Parameters and multiply-adds of every config: configs/model_costs.csv."""

import csv
from collections.abc import Mapping
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from mmvision_ext.utils import InputError
from mmvision_ext.utils.tables import save_csv

COSTS = 'configs/model_costs.csv'


@dataclass(frozen=True)
class Cost:
    """What the model of a config takes.

    Attributes:
        name: Name of the config file, without its ending.
        params: Number of parameters; None where it was not counted.
        trainable: How many of them train; None where all do.
        multiply_adds: Multiply-adds for one image; None where not counted.
        input_size: Height and width of that image, such as ``'224x224'``;
            empty where nothing was counted.
    """

    name: str
    params: int | None = None
    trainable: int | None = None
    multiply_adds: int | None = None
    input_size: str = ''


def read_costs(root: Path) -> dict[str, Cost]:
    """Read the table.

    Args:
        root: The repository.

    Returns:
        Name of a config to its cost.

    Raises:
        InputError: The file is missing, or has other columns or cells than
            whole numbers.
    """
    path = root / COSTS
    names = [item.name for item in fields(Cost)]
    if not path.is_file():
        raise InputError(
            f'{path}: expected the table of parameters, found no file. '
            'Restore it from git.'
        )
    with path.open(newline='', encoding='utf-8') as file:
        reader = csv.DictReader(file)
        if reader.fieldnames != names:
            raise InputError(
                f'{path}: expected the columns {", ".join(names)}, found '
                f'{", ".join(reader.fieldnames or []) or "none"}.'
            )
        return {row['name']: _cost(row, path) for row in reader}


def write_costs(root: Path, costs: Mapping[str, Cost]) -> Path:
    """Write the table, sorted by name.

    Args:
        root: The repository.
        costs: Name of a config to its cost.

    Returns:
        The file.
    """
    names = [item.name for item in fields(Cost)]
    rows = (astuple(costs[name]) for name in sorted(costs))
    return save_csv(root / COSTS, names, rows)


def _cost(row: Mapping[str, str], path: Path) -> Cost:
    def whole(key: str) -> int | None:
        text = row[key]
        if not text:
            return None
        if not text.isdigit():
            raise InputError(
                f'{path}: expected a whole number in column {key} of '
                f'{row["name"]}, found {text!r}.'
            )
        return int(text)

    return Cost(
        row['name'],
        whole('params'),
        whole('trainable'),
        whole('multiply_adds'),
        row['input_size'],
    )
