"""The benchmark measures what it says; its times are not judged here."""

import csv
from pathlib import Path

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import (
    EventAccumulator,
)

from mmvision_ext.engine.hook_cost.histograms import (
    HistogramCost,
    measure_histogram_cost,
    write_costs,
)
from mmvision_ext.engine.hook_cost.noise_training import BenchmarkSize


def test_share_of_the_training_time() -> None:
    cost = HistogramCost(10, 100, plain=0.1, captured=0.3)
    assert cost.share(interval=100) == pytest.approx(0.02)


def test_every_second_iteration_has_histograms(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    backbone = dict(type='ResNet', depth=18, stem_channels=4, base_channels=4)
    cost = measure_histogram_cost(
        backbone, 32, str(tmp_path), BenchmarkSize(32, 2, repeats=2)
    )
    assert cost.parameters == 62
    assert cost.plain > 0 and cost.captured > 0
    [file] = tmp_path.glob('*/vis_data/events*')
    events = EventAccumulator(
        str(file), size_guidance={'histograms': 0}
    ).Reload()
    steps = [event.step for event in events.Histograms('weights/head.fc.bias')]
    assert steps == [2, 4, 6, 8]  # two of them warm up


def test_a_row_a_backbone(tmp_path: Path) -> None:
    costs = {
        'a': HistogramCost(10, 100, plain=0.1, captured=0.3),
        'b': HistogramCost(2, 7, plain=0.5, captured=0.5),
    }
    size = BenchmarkSize(image_size=224, batch_size=32, repeats=5)
    path = write_costs(costs, size, 200, tmp_path / 'new' / 'c.csv', 'python')
    with path.open(newline='') as file:
        first, second = csv.DictReader(file)
    assert (first['backbone'], first['parameters']) == ('a', '10')
    assert (first['plain_ms'], first['histograms_ms']) == ('100.0', '200.0')
    assert (first['image_size'], first['batch_size']) == ('224', '32')
    assert float(first['share']) == pytest.approx(0.01)
    assert float(second['share']) == 0
    assert first['hardware'] and first['commit']
