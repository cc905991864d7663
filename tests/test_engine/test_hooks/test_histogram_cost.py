"""The benchmark measures what it says; its times are not judged here."""

from pathlib import Path

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import (
    EventAccumulator,
)

from mmvision_ext.engine.hooks.histogram_cost import (
    BenchmarkSize,
    HistogramCost,
    measure_histogram_cost,
)


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
