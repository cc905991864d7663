"""The picture of one training."""

from pathlib import Path

import pytest
from matplotlib.figure import Figure

from mmvision_ext.visualization import training_chart
from mmvision_ext.visualization.charts import Curve
from mmvision_ext.visualization.training_chart import (
    MetricCurve,
    plot_training,
)

LOSSES = {'loss': Curve([10, 20], [2.0, 1.0])}
METRIC = MetricCurve(
    'accuracy/top1',
    'epoch',
    Curve([1, 2], [40.0, 30.0]),
    Curve([1, 2], [25.0, 25.0]),
    'chance',
    1,
)


@pytest.fixture
def figures(monkeypatch) -> list[Figure]:
    """What would be written."""
    drawn: list[Figure] = []
    monkeypatch.setattr(
        training_chart,
        'save_figure',
        lambda figure, path: drawn.append(figure),
    )
    return drawn


def test_metric_with_its_chance_and_its_best(figures) -> None:
    plot_training(LOSSES, METRIC, LOSSES, 'curves.png')
    loss, metric, rate = figures[0].axes
    titles = [axes.get_title('left') for axes in (loss, metric, rate)]
    assert titles == [
        'training loss',
        'accuracy/top1 (validation)',
        'learning rate',
    ]
    lines = {line.get_label(): line for line in metric.lines}
    assert list(lines['accuracy/top1'].get_ydata()) == [40, 30]
    assert list(lines['chance'].get_ydata()) == [25, 25]
    assert lines['chance'].get_linestyle() == '--'
    best = lines['best: 40 (epoch 1)']
    assert (best.get_xdata(), best.get_ydata()) == ([1], [40])


def test_panels_without_curves_are_left_out(figures) -> None:
    plot_training(LOSSES, None, {}, 'curves.png')
    assert len(figures[0].axes) == 1


def test_the_picture_is_written(tmp_path: Path) -> None:
    path = plot_training(LOSSES, METRIC, {}, tmp_path / 'a' / 'curves.png')
    assert path.is_file()


def test_nothing_to_draw() -> None:
    with pytest.raises(ValueError, match='expected curves'):
        plot_training({}, None, {}, 'curves.png')
