"""Rows of what is measured elsewhere; the measuring has tests of its own."""

from types import SimpleNamespace

import pytest

from mmvision_ext.benchmarks import training_costs
from mmvision_ext.engine.hook_cost.histograms import HistogramCost
from mmvision_ext.engine.hook_cost.non_finite import NonFiniteCost
from mmvision_ext.engine.hook_cost.safety import SafetyCost


@pytest.fixture
def measured(monkeypatch):
    """Replaces a function that measures by one that gives a value."""

    def replace(name, value):
        monkeypatch.setattr(training_costs, name, lambda *_, **__: value)

    return replace


def test_checkpoint_is_compared_with_that_of_mmengine(measured):
    cost = dict(safe_seconds='4.0', stock_seconds='1.0')
    measured('measure_save_cost', cost)
    [row] = training_costs.checkpoint_saving(quick=False)
    assert row.what == 'a checkpoint of 250 MB' and row.ratio == 0.25


def test_hooks_add_to_a_step(measured):
    measured('measure_non_finite_cost', NonFiniteCost('stop', 9, 1.0, 7, 0.25))
    rows = training_costs.non_finite_hook(quick=True)
    assert [row.ours for row in rows] == [1250, 1250]
    assert rows[0].peer == 1000 and rows[0].ratio == pytest.approx(0.8)
    measured('measure_histogram_cost', HistogramCost(1, 9, 1.0, 51.0))
    [row] = training_costs.histogram_hook(quick=True)
    share = 50 / training_costs.HistogramHook().interval
    assert row.ours == pytest.approx(1000 * (1 + share)) and row.peer == 1000


def test_safety_hooks_name_the_spread_of_their_share(measured):
    cost = SafetyCost('a.py', [2.0] * 9, [2.0 + n / 50 for n in range(9)])
    measured('measure_safety_cost', cost)
    [row] = training_costs.safety_hooks(quick=True)
    assert row.peer == 2000 and row.ours == pytest.approx(2080)
    assert row.difference.startswith('they add 4.00%, ')


def test_training_rows_are_those_of_our_way(measured):
    rows = [
        SimpleNamespace(
            model='net',
            way=way,
            precision=precision,
            batch_size=128,
            images_per_second=speed,
        )
        for way, precision, speed in (
            ('stock', 'float32', 10.0),
            ('ours', 'float32', 13.0),
            ('bare', 'float32', 14.0),
            ('ours', 'bfloat16', 20.0),
        )
    ]
    measured('measure_speed', (rows, []))
    found = training_costs.cifar_training(quick=True)
    assert [row.ratio for row in found] == [1.3, 2.0]
    assert found[1].what == 'net, bfloat16, batches of 128'
