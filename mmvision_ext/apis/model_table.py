"""Parameters and operations of the models of configs, without weights."""

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Literal

import torch
from mmengine.config import Config

from mmvision_ext.deployment.measure import count_multiply_adds
from mmvision_ext.utils import InputError
from mmvision_ext.utils.tables import markdown_table

from .attribute_words import fill_words
from .model import config_faults, empty_classifier, load_config

TableFormat = Literal['markdown', 'csv']


@dataclass(frozen=True)
class ModelRow:
    """What a config's model takes.

    Attributes:
        name: Name of the config file, without its ending.
        params: Number of parameters, trained or not.
        multiply_adds: Multiply-adds of convolutions and matrix products for
            one image.
        input_size: Height and width of that image, in pixels.
    """

    name: str
    params: int
    multiply_adds: int
    input_size: int


def describe_model(
    config: str | Path | Config, input_size: int | None = None
) -> ModelRow:
    """Count parameters and operations of a classifier.

    The model is built, but no weights are read and nothing is computed.

    Args:
        config: Config file or config of a classifier.
        input_size: Height and width of the image, in pixels; None takes those
            of the config: what its data preprocessor enlarges images to, else
            the last size in its test pipeline.

    Returns:
        The counts.

    Raises:
        InputError: The config cannot be read or built, the network cannot
            take an image of this size, or the config names no size.
    """
    config = load_config(config)
    config.setdefault('default_scope', 'mmpretrain')
    place = f'{config.filename or "config"}: model'
    with config_faults(config, 'model'):
        model = empty_classifier(config)
    fill_words(model)
    size = input_size or _input_size(config)
    params = sum(parameter.numel() for parameter in model.parameters())
    model = model.to('meta').eval()  # shapes only
    image = torch.empty(1, 3, size, size, device='meta')
    try:
        operations = count_multiply_adds(model, image)
    except (AssertionError, RuntimeError, ValueError) as error:
        raise InputError(
            f'{place}: expected a network for images of {size} px: {error}'
        ) from error
    return ModelRow(Path(config.filename).stem, params, operations, size)


def format_rows(rows: Sequence[ModelRow], style: TableFormat) -> str:
    """Rows as a table.

    Args:
        rows: The models.
        style: ``'markdown'``, in millions and rounded, or ``'csv'``, all
            digits.

    Returns:
        The table, with a line break at its end.
    """
    if style == 'csv':
        text = io.StringIO()
        names = [field.name for field in fields(ModelRow)]
        writer = csv.DictWriter(text, names, lineterminator='\n')
        writer.writeheader()
        writer.writerows(asdict(row) for row in rows)
        return text.getvalue()
    header = ['config', 'parameters (M)', 'multiply-adds (M)', 'px']
    cells = [
        [
            row.name,
            f'{row.params / 1e6:.2f}',
            f'{row.multiply_adds / 1e6:.0f}',
            str(row.input_size),
        ]
        for row in rows
    ]
    return markdown_table(header, cells) + '\n'


def _input_size(config: Config) -> int:
    """Height and width of the images that the network gets, in pixels."""
    preprocessor = config.get('data_preprocessor') or {}
    if size := preprocessor.get('size'):
        return int(size)
    loader = config.get('test_dataloader') or {}
    steps = (loader.get('dataset') or {}).get('pipeline') or []
    for step in reversed(steps):
        size = step.get('crop_size', step.get('scale'))
        sides = set(size) if isinstance(size, (list, tuple)) else {size}
        if len(sides) == 1 and isinstance(side := sides.pop(), int):
            return side
    raise InputError(
        f'{config.filename or "config"}: expected the side of square images '
        'in data_preprocessor.size or in test_dataloader.dataset.pipeline, '
        'found none; give --size.'
    )
