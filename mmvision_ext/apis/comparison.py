"""Several detectors on one dataset, side by side."""

import logging
import math
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from mmengine.config import Config
from mmengine.logging import print_log

from mmvision_ext.engine.checkpointing import read_checkpoint
from mmvision_ext.utils import InputError
from mmvision_ext.utils.provenance import code_commit
from mmvision_ext.utils.tables import markdown_table, number, save_csv
from mmvision_ext.visualization.charts import plot_bars

from .model import load_config
from .model_cost import measure_cost
from .predictions import iter_dataset_predictions, loads_masks


@dataclass(frozen=True)
class Contestant:
    """A model to compare.

    Attributes:
        name: What tables and charts call it.
        config: Config file.
        checkpoint: File or http(s) address of its weights.
    """

    name: str
    config: str
    checkpoint: str


@dataclass(frozen=True)
class ComparisonRow:
    """Results of one model and how they came about.

    Average precisions are COCO's, from 0 to 1; None where the dataset or the
    model has no masks or there is nothing to find. For cost see
    :class:`~mmvision_ext.apis.model_cost.ModelCost`. ``seed`` and ``epochs``
    of the training are the checkpoint's, None where it does not tell.
    """

    name: str
    box_map: float | None
    box_ap50: float | None
    mask_map: float | None
    mask_ap50: float | None
    fps: float
    latency_ms: float
    peak_memory_mib: float | None
    params_m: float
    gflops: float
    input_shape: str
    num_images: int
    num_timed: int
    memory_kind: str
    gflops_kind: str
    data: str
    hardware: str
    config: str
    checkpoint: str
    seed: int | None
    epochs: int | None
    commit: str
    command: str


COLUMNS = {
    'box_map': ('box mAP', '.3f'),
    'box_ap50': ('box AP50', '.3f'),
    'mask_map': ('mask mAP', '.3f'),
    'mask_ap50': ('mask AP50', '.3f'),
    'fps': ('images/s', '.1f'),
    'peak_memory_mib': ('peak memory (MiB)', '.0f'),
    'params_m': ('parameters (M)', '.2f'),
    'gflops': ('GFLOPs', '.1f'),
}


def parse_contestant(text: str) -> Contestant:
    """Read ``NAME=CONFIG:CHECKPOINT`` or ``CONFIG:CHECKPOINT``.

    Args:
        text: What the user wrote; the config ends in ``.py``.

    Returns:
        The contestant; without a name it is called after its config.

    Raises:
        InputError: The text is not of this form.
    """
    config, found, checkpoint = text.partition('.py:')
    name, named, rest = config.partition('=')
    if not found or not config or not checkpoint:
        raise InputError(
            'model: expected NAME=CONFIG.py:CHECKPOINT or '
            f'CONFIG.py:CHECKPOINT, found {text!r}.'
        )
    config = f'{rest if named else config}.py'
    return Contestant(name if named else Path(config).stem, config, checkpoint)


def compare_detectors(
    contestants: Sequence[Contestant],
    dataset_config: str | Path | Config | None = None,
    device: str | None = None,
    limit: int | None = None,
    num_timed: int = 30,
    command: str = '',
) -> list[ComparisonRow]:
    """Evaluate and time detectors on one dataset.

    Args:
        contestants: At least one model.
        dataset_config: Config whose test dataset is used; None takes the
            first model's whose config loads masks, else the first model's,
            so that a box-only model named first leaves the others their
            mask average precision. Each model resizes images as its own
            config says.
        device: Such as ``'cuda:0'`` or ``'cpu'``; None takes the first GPU
            where there is one.
        limit: Use the first images only.
        num_timed: Number of images to time.
        command: How the comparison was started, for the record.

    Returns:
        One row per model.

    Raises:
        InputError: A name occurs twice, a number is below 1, a file is
            missing, weights do not fit, or a model has other classes than the
            dataset.
    """
    names = [contestant.name for contestant in contestants]
    if not names or len(set(names)) < len(names):
        raise InputError(
            'models: expected at least one, and different '
            f'names, found {names}. Name them: '
            'NAME=CONFIG.py:CHECKPOINT.'
        )
    if num_timed < 1:
        raise InputError(f'num_timed: expected at least 1, found {num_timed}.')
    dataset_config = dataset_config or _dataset_owner(contestants)
    return [
        _compare_one(
            contestant, dataset_config, device, limit, num_timed, command
        )
        for contestant in contestants
    ]


def comparison_table(rows: Sequence[ComparisonRow]) -> str:
    """Rows as a Markdown table with what one has to know to read it.

    Args:
        rows: Results of the models.

    Returns:
        Markdown text.
    """
    cells = [
        [
            row.name,
            *(
                number(getattr(row, key), spec)
                for key, (_, spec) in COLUMNS.items()
            ),
            row.input_shape,
        ]
        for row in rows
    ]
    header = ['model', *(title for title, _ in COLUMNS.values()), 'input']
    notes = [
        ('Data', [row.data for row in rows]),
        ('Hardware', [row.hardware for row in rows]),
        (
            'images/s',
            [
                f'batch 1, median of {row.num_timed} images after '
                'warm-up; normalising, network and post-processing, '
                'without reading and resizing'
                for row in rows
            ],
        ),
        ('Peak memory', [row.memory_kind for row in rows]),
        (
            'GFLOPs',
            [
                f'multiply-adds at the input size (height x width), '
                f'{row.gflops_kind}'
                for row in rows
            ],
        ),
        (
            'Training',
            [f'{row.epochs} epochs, seed {row.seed}' for row in rows],
        ),
        ('Commit', [row.commit for row in rows]),
        ('Command', [f'`{row.command}`' for row in rows]),
    ]
    lines = []
    for title, texts in notes:
        distinct = list(dict.fromkeys(texts))
        if len(distinct) == 1:
            lines.append(f'- {title}: {distinct[0]}.')
        else:
            lines += [
                f'- {title}, {row.name}: {text}.'
                for row, text in zip(rows, texts, strict=True)
            ]
    return markdown_table(header, cells) + '\n\n' + '\n'.join(lines) + '\n'


def write_comparison(
    rows: Sequence[ComparisonRow], folder: str | Path
) -> list[Path]:
    """Write ``comparison.md``, ``comparison.csv`` and ``comparison.png``.

    Args:
        rows: Results of the models.
        folder: Where to; made where missing.

    Returns:
        The files written.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    text, table = folder / 'comparison.md', folder / 'comparison.csv'
    text.write_text(comparison_table(rows), 'utf-8')
    names = [field.name for field in fields(ComparisonRow)]
    save_csv(table, names, map(astuple, rows))
    shown = {
        key: title
        for key, (title, _) in COLUMNS.items()
        if any(getattr(row, key) is not None for row in rows)
    }
    chart = plot_bars(
        {
            title: [getattr(row, key) for row in rows]
            for key, title in shown.items()
        },
        [row.name for row in rows],
        folder / 'comparison.png',
        f'{rows[0].data}\n{rows[0].hardware}',
        {title: COLUMNS[key][1] for key, title in shown.items()},
    )
    return [text, table, chart]


def _dataset_owner(contestants: Sequence[Contestant]) -> str:
    """The first config that loads masks, else the first."""
    configs = [contestant.config for contestant in contestants]
    return next(
        (path for path in configs if loads_masks(load_config(path))),
        configs[0],
    )


def _compare_one(
    contestant: Contestant,
    dataset_config: str | Path | Config,
    device: str | None,
    limit: int | None,
    num_timed: int,
    command: str,
) -> ComparisonRow:
    predictions = iter_dataset_predictions(
        contestant.config,
        contestant.checkpoint,
        device,
        'test',
        limit,
        dataset_config,
    )
    metric = predictions.new_metric()
    if predictions.model.with_mask and 'segm' not in metric.kinds:
        print_log(
            f'{contestant.name} predicts masks, but the test dataset of '
            f'{dataset_config} loads none: its mask AP is not measured.',
            'current',
            logging.WARNING,
        )
    for sample in predictions:
        metric.process(None, [sample.to_dict()])
    scores = metric.evaluate(len(predictions))
    cost = measure_cost(
        contestant.config,
        contestant.checkpoint,
        device,
        dataset_config,
        num_timed,
    )

    meta = read_checkpoint(contestant.checkpoint).get('meta', {})

    def score(key: str) -> float | None:
        value = scores.get(f'coco/{key}', math.nan)
        return value if math.isfinite(value) else None

    dataset = predictions.dataset
    total = len(predictions)
    part = '' if total == len(dataset) else f', the first {total}'
    return ComparisonRow(
        name=contestant.name,
        box_map=score('bbox_mAP'),
        box_ap50=score('bbox_mAP_50'),
        mask_map=score('segm_mAP'),
        mask_ap50=score('segm_mAP_50'),
        fps=cost.fps,
        latency_ms=cost.latency_ms,
        peak_memory_mib=cost.peak_memory_mib,
        params_m=cost.params / 1e6,
        gflops=cost.gflops,
        input_shape='x'.join(map(str, cost.input_shape)),
        num_images=total,
        num_timed=cost.num_timed,
        memory_kind=cost.memory_kind,
        gflops_kind=cost.gflops_kind,
        data=f'{dataset.ann_file}: {len(dataset)} images{part}',
        hardware=cost.device,
        config=contestant.config,
        checkpoint=contestant.checkpoint,
        seed=meta.get('seed'),
        epochs=meta.get('epoch'),
        commit=code_commit(),
        command=command,
    )
