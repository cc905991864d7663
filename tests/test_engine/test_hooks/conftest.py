"""Training of the tiny classifier."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mmengine.runner import set_random_seed
from torch import nn

from mmvision_ext.engine.runner import Runner
from mmvision_ext.testing.tiny_classification import (
    TinyClassifier,
    TinyDataset,
)

MakeRunner = Callable[..., Runner]


@pytest.fixture
def make_runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeRunner:
    """A factory of runners: 3 steps an epoch, Adam with weight decay."""
    monkeypatch.setattr('torch.cuda.is_available', lambda: False)

    def make(
        hooks: list[Any],
        name: str = 'run',
        epochs: int = 4,
        model: nn.Module | None = None,
        **settings: Any,
    ) -> Runner:
        set_random_seed(0)
        return Runner(
            **{
                **dict(
                    model=model or TinyClassifier(),
                    work_dir=str(tmp_path / name),
                    experiment_name=f'{name}-{len(list(tmp_path.iterdir()))}',
                    train_dataloader=dict(
                        dataset=TinyDataset(),
                        batch_size=4,
                        num_workers=0,
                        collate_fn=dict(type='default_collate'),
                        sampler=dict(type='DefaultSampler', shuffle=True),
                    ),
                    train_cfg=dict(by_epoch=True, max_epochs=epochs),
                    optim_wrapper=dict(
                        optimizer=dict(type='Adam', lr=0.01, weight_decay=0.1)
                    ),
                    custom_hooks=hooks,
                    randomness=dict(seed=0),
                ),
                **settings,
            }
        )

    return make
