"""What is timed, whatever the time."""

from typing import Any

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader

from mmvision_ext.apis import inference_speed
from mmvision_ext.apis.inference_speed import measure_speed
from mmvision_ext.deployment.measure import Latency


class Model(nn.Module):
    """Keeps the batches that it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))
        self.tested: list[list[int]] = []
        self.predicted: list[list[int]] = []

    def data_preprocessor(
        self, batch: torch.Tensor, training: bool
    ) -> dict[str, Any]:
        assert not training
        return dict(inputs=batch)

    def forward(self, inputs: torch.Tensor, mode: str) -> None:
        assert mode == 'predict' and not torch.is_grad_enabled()
        self.predicted.append(inputs.tolist())

    def test_step(self, batch: torch.Tensor) -> None:
        assert not torch.is_grad_enabled()
        self.tested.append(batch.tolist())


@pytest.fixture(autouse=True)
def short(monkeypatch) -> None:
    """Time the fewest batches."""
    monkeypatch.setattr(inference_speed, 'SECONDS', 0)


def test_the_network_gets_one_batch_the_pipeline_one_after_the_other() -> None:
    model = Model()
    speed = measure_speed(model, DataLoader(list(range(10)), batch_size=4))
    assert (speed.batch_size, speed.batches) == (4, 3)
    first, second = [0, 1, 2, 3], [4, 5, 6, 7]  # never the last two alone
    assert model.tested == [second, first, second, first, second]
    assert model.predicted == [first] * 5


def test_a_dataset_that_fills_no_batch() -> None:
    model = Model()
    speed = measure_speed(model, DataLoader([0, 1, 2], batch_size=4))
    assert speed.batch_size == 3 and model.tested == [[0, 1, 2]] * 5


def test_samples_a_second_from_milliseconds_a_batch(monkeypatch) -> None:
    monkeypatch.setattr(
        inference_speed,
        'measure_latency',
        lambda calls, rounds, warmup: dict.fromkeys(
            calls, Latency(median=100.0, lower=50.0, upper=200.0)
        ),
    )
    rate = measure_speed(Model(), DataLoader([0, 1], batch_size=2)).network
    assert (rate.lower, rate.median, rate.upper) == (10, 20, 40)
