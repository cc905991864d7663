"""Channels are really gone, and a file brings the smaller model back."""

from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.registry import MODELS
from torch import nn

pytest.importorskip('torch_pruning', reason='extra deploy is not installed')

from mmvision_ext.deployment.measure import (  # noqa: E402
    count_multiply_adds,
    measure_size,
)
from mmvision_ext.deployment.structured import (  # noqa: E402
    build_pruned,
    prune_channels,
    ratio_for_flops,
    replay,
    save_history,
)
from mmvision_ext.utils import InputError  # noqa: E402

IMAGE = torch.randn(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))


def _channels(model: nn.Module) -> dict[str, int]:
    return {
        name: layer.out_channels
        for name, layer in model.named_modules()
        if isinstance(layer, nn.Conv2d)
    }


def test_every_layer_loses_its_share(resnet: Any) -> None:
    model = resnet.load()
    before, params = _channels(model), measure_size(model, IMAGE).params
    prune_channels(model, IMAGE, ratio=0.5)
    # Widths are 32, 64 and 128: halves are multiples of 8.
    assert _channels(model) == {
        name: count // 2 for name, count in before.items()
    }
    assert measure_size(model, IMAGE).params < 0.27 * params
    assert model.head.fc.out_features == 4
    assert model.head.fc.in_features == 64


def test_counts_are_rounded_to_the_nearest_block(resnet: Any) -> None:
    model = resnet.load()
    prune_channels(model, IMAGE, ratio=0.3)
    widths = {'1': 24, '2': 48, '3': 88}  # 70 % are 22.4, 44.8 and 89.6
    assert all(
        count == widths[name.split('.layer')[1][0]]
        for name, count in _channels(model).items()
        if '.layer' in name
    )


def test_the_smallest_weights_go(resnet: Any) -> None:
    """A layer that nothing else is tied to: the first of a block."""
    model = resnet.load()
    block = model.backbone.layer1[0]
    with torch.no_grad():
        for part in (block.conv1.weight, block.bn1.weight, block.bn1.bias):
            part[::2] = 0  # every other channel does nothing
        block.conv2.weight[:, ::2] = 0
        expected = block.bn1.weight[1::2].clone()
    prune_channels(model, IMAGE, ratio=0.5)
    # conv1 is fed by a pruned layer, so it is told by its BatchNorm.
    assert torch.equal(block.bn1.weight, expected)


@pytest.mark.parametrize('name', ['resnet', 'mobilenet'])
def test_a_file_brings_it_back(
    name: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    files = request.getfixturevalue(name)
    model = files.load()
    history = prune_channels(model, IMAGE, ratio=0.5)
    narrow = 64 if name == 'resnet' else 640
    path = save_history(history, (3, 32, 32), tmp_path / 'pruning.json')
    again = build_pruned(
        dict(files.load_config().model, type='mmpretrain.ImageClassifier'),
        str(path),
        files.load_config().data_preprocessor,
    )
    assert again.training
    trained = [name for name, p in again.named_parameters() if p.requires_grad]
    plain = files.load()
    assert trained == [
        name for name, p in plain.named_parameters() if p.requires_grad
    ]
    assert again.head.in_channels == model.head.in_channels == narrow
    again.load_state_dict(model.state_dict())
    with torch.no_grad():
        expected, found = model(IMAGE), again.eval()(IMAGE)
    assert torch.equal(found, expected)


def test_the_registry_knows_the_type() -> None:
    with pytest.raises(InputError, match='model.pruning: .* found none at x'):
        MODELS.build(
            dict(
                type='mmvision_ext.PrunedClassifier',
                classifier=dict(type='mmpretrain.ImageClassifier'),
                pruning='x',
            )
        )


def test_operations_come_down_to_the_target(mobilenet: Any) -> None:
    model = mobilenet.load()
    before = count_multiply_adds(model, IMAGE)
    ratio = ratio_for_flops(model, IMAGE, 0.5)
    assert count_multiply_adds(model, IMAGE) == before  # only looked at
    prune_channels(model, IMAGE, ratio)
    assert 0.4 < count_multiply_adds(model, IMAGE) / before <= 0.5
    with pytest.raises(InputError, match='target flops: .* reached'):
        ratio_for_flops(model, IMAGE, 1e-4)


def test_multiply_adds_of_a_known_layer() -> None:
    layer = nn.Conv2d(3, 5, 3, bias=False)
    assert count_multiply_adds(layer, torch.ones(1, 3, 6, 7)) == (
        3 * 5 * 3 * 3 * 4 * 5
    )


def test_another_architecture_is_one_error(
    resnet: Any, mobilenet: Any
) -> None:
    history = prune_channels(resnet.load(), IMAGE, ratio=0.5)
    with pytest.raises(InputError, match='expected an architecture'):
        replay(mobilenet.load(), IMAGE, history)


@pytest.mark.parametrize('ratio', [0, 1, 1.5])
def test_shares_that_cannot_be(resnet: Any, ratio: float) -> None:
    with pytest.raises(InputError, match='between 0 and 1'):
        prune_channels(resnet.load(), IMAGE, ratio)


def test_nothing_removed_is_said(resnet: Any) -> None:
    with pytest.raises(InputError, match='found none at 0.01: every layer'):
        prune_channels(resnet.load(), IMAGE, ratio=0.01)


def test_channels_fixed_in_code_are_refused(resnet: Any) -> None:
    class Fixed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 16, 1)
            self.fc = nn.Linear(16 * 4 * 4, 4)
            self.dataset_meta = {'classes': 'abcd'}

        def forward(self, image: torch.Tensor) -> torch.Tensor:
            pooled = nn.functional.adaptive_avg_pool2d(self.conv(image), 4)
            return self.fc(pooled.view(len(image), 16 * 4 * 4))

    with pytest.raises(InputError, match='magnitude pruning'):
        prune_channels(Fixed().eval(), IMAGE, ratio=0.5)
