"""Counts of the training set reach the head."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.dataset import BaseDataset, ClassBalancedDataset
from mmengine.logging import MMLogger
from mmengine.registry import MODELS
from torch import nn

from mmvision_ext.engine.hooks import AttributeStatisticsHook
from mmvision_ext.utils import InputError

SCORES = np.array([[1, 0, 1], [1, 0, 0], [1, 1, 0], [1, 0, 0]], np.float32)
MASK = np.array([[1, 1, 1], [1, 0, 1], [1, 1, 0], [0, 1, 1]], bool)


class Attributes(BaseDataset):
    """Four samples with three attributes, not all of them known."""

    def __init__(self) -> None:
        super().__init__(pipeline=[])

    def load_data_list(self) -> list[dict[str, Any]]:
        return [dict(index=index) for index in range(len(SCORES))]

    def get_cat_ids(self, idx: int) -> list[int]:
        return np.flatnonzero(SCORES[idx]).tolist()

    def attribute_matrix(self) -> tuple[np.ndarray, np.ndarray]:
        return SCORES, MASK


def make_runner(dataset: Any, **state: Any) -> SimpleNamespace:
    head = MODELS.build(
        dict(
            type='mmvision_ext.AttributeHead',
            num_classes=3,
            in_channels=4,
            prior_bias=True,
            loss=dict(type='mmvision_ext.PositiveReweightedBCELoss'),
        )
    )
    model = nn.Module()
    model.head = head
    return SimpleNamespace(
        **{
            **dict(
                model=model,
                train_dataloader=SimpleNamespace(dataset=dataset),
                logger=MMLogger.get_instance('test'),
                iter=0,
                _load_from=None,
            ),
            **state,
        }
    )


def test_the_branch_of_a_detector_is_told() -> None:
    runner = make_runner(Attributes())
    head = runner.model.head
    runner.model = nn.Module()
    runner.model.roi_head = nn.Module()
    runner.model.roi_head.attribute_head = head
    AttributeStatisticsHook().before_train(runner)
    assert head.loss_module.weights[0].tolist() == pytest.approx([0.05, 2, 2])


@pytest.mark.parametrize('wrapped', [False, True])
def test_known_labels_are_counted_once(wrapped: bool) -> None:
    dataset: Any = Attributes()
    if wrapped:
        dataset = ClassBalancedDataset(dataset, oversample_thr=1.0)
        assert len(dataset) > 4  # samples 0 and 2 come twice
    runner = make_runner(dataset)
    AttributeStatisticsHook().before_train(runner)
    head = runner.model.head
    odds = torch.tensor([3.5 / 0.5, 1.5 / 2.5, 1.5 / 2.5])
    weighted = odds * torch.tensor([0.05, 2, 2])  # by the loss
    torch.testing.assert_close(head.last_layer.bias.exp(), weighted)
    assert head.loss_module.weights[0].tolist() == pytest.approx([0.05, 2, 2])


@pytest.mark.parametrize('state', [dict(iter=7), dict(_load_from='a.pth')])
def test_biases_of_a_checkpoint_stay(state: dict[str, Any]) -> None:
    runner = make_runner(Attributes(), **state)
    before = runner.model.head.last_layer.bias.clone()
    AttributeStatisticsHook().before_train(runner)
    assert torch.equal(runner.model.head.last_layer.bias, before)
    assert runner.model.head.loss_module.weights is not None


def test_another_head_or_dataset() -> None:
    runner = make_runner([1, 2])
    with pytest.raises(InputError, match='to have attributes.*found list'):
        AttributeStatisticsHook().before_train(runner)
    runner.model = nn.Linear(1, 1)
    with pytest.raises(InputError, match='found NoneType'):
        AttributeStatisticsHook().before_train(runner)
