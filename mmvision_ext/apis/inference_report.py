"""A test in one page: how good, how fast, with what."""

import csv
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.config import Config
from mmengine.runner import Runner
from numpy.typing import NDArray

from mmvision_ext.engine.checkpointing.durable import file_digest
from mmvision_ext.engine.launch import build_runner
from mmvision_ext.engine.unwrap import unwrapped
from mmvision_ext.evaluation.attribute_tables import SHOWN
from mmvision_ext.evaluation.chance import baseline_of, is_baseline
from mmvision_ext.evaluation.functional.attribute_summary import (
    frequency_thirds,
)
from mmvision_ext.utils.provenance import code_commit, hardware_name
from mmvision_ext.utils.tables import markdown_table
from mmvision_ext.visualization.attribute_charts import (
    AttributeScale,
    plot_against_positives,
    plot_attribute_bars,
)

from .inference_speed import Speed, measure_speed
from .model import load_config

HOOK = 'mmvision_ext.InferenceReportHook'


@dataclass(frozen=True)
class Inference:
    """A test and its results.

    Attributes:
        config: Config file; may be empty.
        checkpoint: File or address of the weights; empty for those of a model
            that was trained in the same process.
        sha256: Of that file; None where it is none.
        epoch: Epochs that the checkpoint was trained; None where it does not
            tell.
        commit: Commit of the code.
        samples: Number of samples.
        protocol: How they were chosen; may be empty.
        num_classes: Number of classes or attributes; None where the data do
            not name them.
        params: Number of parameters.
        hardware: Processor, with the threads of a CPU.
        precision: What was computed with.
        metrics: Results of the evaluator.
        speed: Samples a second.
    """

    config: str
    checkpoint: str
    sha256: str | None
    epoch: int | None
    commit: str
    samples: int
    protocol: str
    num_classes: int | None
    params: int
    hardware: str
    precision: str
    metrics: Mapping[str, float]
    speed: Speed


def run_inference_report(
    config: str | Path | Config,
    checkpoint: str | Path,
    folder: str | Path,
    options: Mapping[str, Any] | None = None,
) -> None:
    """Test a checkpoint by a config and write the report.

    Args:
        config: Config file or config.
        checkpoint: File or http(s) address of the weights.
        folder: Where to, logs included; made where missing.
        options: Settings of the config to override, dotted key to value.

    Raises:
        InputError: The config cannot work, or the weights do not fit.
    """
    config = load_config(config, options)
    config.load_from, config.resume = str(checkpoint), False
    config.launcher, config.work_dir = 'none', str(folder)
    hook = dict(type=HOOK, out_dir=str(folder))
    hooks = config.get('default_hooks') or {}
    config.default_hooks = {**hooks, 'inference_report': hook}
    build_runner(config).test()


def describe_inference(
    runner: Runner, metrics: Mapping[str, float], epoch: int | None
) -> Inference:
    """Put together what is to be said of a test, and measure its speed.

    Args:
        runner: A runner that has tested.
        metrics: Results of its evaluator.
        epoch: Epochs that the checkpoint was trained.

    Returns:
        The description.
    """
    model, loader = unwrapped(runner.model), runner.test_dataloader
    parameters = list(model.parameters())
    meta = getattr(loader.dataset, 'metainfo', {})
    checkpoint = str(runner._load_from or '')
    weights = Path(checkpoint)
    fp16 = bool(getattr(runner.test_loop, 'fp16', False))
    precision = str(parameters[0].dtype).removeprefix('torch.')
    return Inference(
        config=str(runner.cfg.filename or ''),
        checkpoint=checkpoint,
        sha256=file_digest(weights) if weights.is_file() else None,
        epoch=epoch,
        commit=code_commit(),
        samples=len(loader.dataset),
        protocol=str(meta.get('protocol', '')),
        num_classes=len(meta['classes']) if meta.get('classes') else None,
        params=sum(value.numel() for value in parameters),
        hardware=hardware_name(parameters[0].device),
        precision=f'{precision}, mixed precision' if fp16 else precision,
        metrics=dict(metrics),
        speed=measure_speed(model, loader, fp16),
    )


def write_inference_report(
    inference: Inference,
    folder: str | Path,
    attributes: str | Path | None = None,
) -> list[Path]:
    """Write the report of a test.

    Args:
        inference: The test.
        folder: Where to; made where missing.
        attributes: ``attributes.csv`` as ``AttributeMetric`` wrote it; None
            for other tests.

    Returns:
        The files: ``inference_report.md``; ``inference_report.json`` with the
        fields of :class:`Inference`, ``baselines`` (metric to ``kind`` and
        ``value``) and ``attributes`` (a dict an attribute, with the columns
        of the table; null where a measure is not defined); with attributes
        ``attribute_ap.png``, in pages where there are many, and
        ``ap_against_positives.png``.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    text = folder / 'inference_report.md'
    record = folder / 'inference_report.json'
    rows = [] if attributes is None else _read_table(Path(attributes))
    charts = _draw(inference, rows, folder)
    content = dict(
        asdict(inference),
        metrics=_without_nan(inference.metrics),
        baselines={
            key: asdict(found)
            for key in inference.metrics
            if (found := _baseline(inference, key))
        },
        attributes=[_without_nan(row) for row in rows],
    )
    record.write_text(json.dumps(content, indent=1) + '\n', 'utf-8')
    text.write_text(_markdown(inference, rows, charts), 'utf-8')
    return [text, record, *charts]


def _read_table(path: Path) -> list[dict[str, Any]]:
    """Rows of ``attributes.csv``; empty cells are nan."""
    with path.open(newline='', encoding='utf-8') as file:
        return [
            {key: _parsed(key, cell) for key, cell in row.items()}
            for row in csv.DictReader(file)
        ]


def _parsed(key: str, cell: str) -> str | float:
    """A cell of the table: a name, a count or a share."""
    if key in ('attribute', 'group'):
        return cell
    if key in ('positives', 'negatives'):
        return int(cell)
    return float(cell or 'nan')


def _with_positives(rows: Sequence[Mapping[str, Any]]) -> AttributeScale:
    """The attributes of a table that have an average precision."""
    shown = [row for row in rows if row['positives'] > 0]

    def column(key: str) -> NDArray[np.float64]:
        return np.array([row[key] for row in shown], np.float64)

    positives = column('positives').astype(np.int64)
    return AttributeScale(
        [row['attribute'] for row in shown],
        column('AP'),
        column('AP_chance'),
        positives,
        frequency_thirds(positives),
    )


def _draw(
    inference: Inference, rows: Sequence[Mapping[str, Any]], folder: Path
) -> list[Path]:
    """Charts of the attributes that have positives; none without any."""
    scale = _with_positives(rows) if rows else None
    if scale is None or not len(scale.names):
        return []
    mean, chance = (
        100 * values.mean()
        for values in (scale.average_precision, scale.chance)
    )
    title = (
        f'{len(scale.names)} of {len(rows)} attributes have positives in '
        f'{inference.samples} samples\nmean AP {mean:.1f} %, chance '
        f'{chance:.1f} %'
    )
    return [
        *plot_attribute_bars(
            scale,
            folder / 'attribute_ap.png',
            f'{title}; positives in brackets',
        ),
        plot_against_positives(
            scale, folder / 'ap_against_positives.png', title
        ),
    ]


def _markdown(
    inference: Inference,
    rows: Sequence[Mapping[str, Any]],
    charts: Sequence[Path],
) -> str:
    """The whole report."""
    name = Path(inference.checkpoint).name or 'the trained model'
    lines = [
        f'# Inference: {name}',
        '',
        *(f'- {key}: {value}' for key, value in _facts(inference)),
        '',
        '## Metrics',
        '',
        _metrics_table(inference),
        '',
        '## Speed',
        '',
        _speed_table(inference.speed),
    ]
    if rows:
        ranked = sorted(
            (row for row in rows if row['positives'] > 0),
            key=lambda row: -row['AP'],
        )
        lines += [
            '',
            f'## Best {SHOWN} attributes by AP (%)',
            '',
            _attribute_table(ranked[:SHOWN]),
            '',
            f'## Worst {SHOWN} attributes by AP (%)',
            '',
            _attribute_table(ranked[::-1][:SHOWN]),
            '',
            'Every attribute: `attributes.md`, `attributes.csv`.',
        ]
    for chart in charts:
        lines += ['', f'![{chart.stem}]({chart.name})']
    return '\n'.join(lines) + '\n'


def _facts(inference: Inference) -> list[tuple[str, str]]:
    """What was tested, with what, on what."""
    facts = {
        'config': inference.config,
        'checkpoint': inference.checkpoint or 'none: trained in this process',
        'sha256': inference.sha256,
        'epoch': inference.epoch,
        'commit': inference.commit,
        'samples': inference.samples,
        'test data': inference.protocol,
        'parameters': f'{inference.params:,}',
        'hardware': inference.hardware,
        'precision': inference.precision,
    }
    return [
        (key, 'not stated' if value in (None, '') else str(value))
        for key, value in facts.items()
    ]


def _baseline(inference: Inference, key: str) -> Any:
    return baseline_of(key, inference.metrics, inference.num_classes)


def _metrics_table(inference: Inference) -> str:
    """Every metric beside what chance gives."""
    rows = []
    for key, value in inference.metrics.items():
        if is_baseline(key):
            continue
        found = _baseline(inference, key)
        beside = f'{_cell(found.value)} ({found.kind})' if found else '–'
        rows.append([key, _cell(value), beside])
    return markdown_table(['metric', 'value', 'beside'], rows)


def _speed_table(speed: Speed) -> str:
    table = markdown_table(
        ['samples/s', 'median', 'quartiles of the batches'],
        [
            [
                name,
                f'{rate.median:.1f}',
                f'{rate.lower:.1f} – {rate.upper:.1f}',
            ]
            for name, rate in (
                ('network alone', speed.network),
                ('whole pipeline', speed.pipeline),
            )
        ],
    )
    return (
        f'Batches of {speed.batch_size}, {speed.batches} timed after warm-up, '
        'one after the other in one process. Network: from a preprocessed '
        'batch in memory to scores. Pipeline: reading, transforms, '
        f'preprocessing and network.\n\n{table}'
    )


def _attribute_table(rows: Sequence[Mapping[str, Any]]) -> str:
    keys = ('AP', 'AP_chance', 'precision', 'recall', 'F1')
    return markdown_table(
        ['attribute', 'positives', *keys],
        [
            [
                row['attribute'],
                str(row['positives']),
                *(_cell(100 * row[key], '.2f') for key in keys),
            ]
            for row in rows
        ],
    )


def _cell(value: float, spec: str | None = None) -> str:
    """A number of a table; counts as they are."""
    if not math.isfinite(value):
        return '–'
    if spec is None:
        spec = '.0f' if float(value).is_integer() else '.4g'
    return format(value, spec)


def _without_nan(row: Mapping[str, Any]) -> dict[str, Any]:
    """The same for JSON, which has no nan."""
    return {
        key: None
        if isinstance(value, float) and not math.isfinite(value)
        else value
        for key, value in row.items()
    }
