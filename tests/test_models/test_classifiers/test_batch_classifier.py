"""Classification by whole batches, against mmpretrain's way."""

import copy
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.registry import MODELS, DefaultScope
from mmpretrain.models import ImageClassifier
from mmpretrain.structures import DataSample
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from mmvision_ext.engine.runner import Runner
from mmvision_ext.structures import ClassificationBatch
from mmvision_ext.testing.small_cifar import make_cifar
from mmvision_ext.utils import InputError

CLASSES = ('apple', 'bear', 'whale')
SETTINGS: dict[str, Any] = dict(
    type='mmvision_ext.BatchClassifier',
    data_preprocessor=dict(
        type='mmvision_ext.BatchDataPreprocessor',
        mean=[129.30, 124.07, 112.43],
        std=[68.17, 65.39, 70.42],
    ),
    backbone=dict(
        type='ResNet_CIFAR', depth=18, stem_channels=4, base_channels=4
    ),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(
        type='LinearClsHead',
        num_classes=3,
        in_channels=32,
        loss=dict(type='CrossEntropyLoss'),
    ),
)
#: Operators that make the host wait for the device.
WAITING = {
    'aten::_local_scalar_dense',
    'aten::is_nonzero',
    'aten::nonzero',
    'aten::unique',
    'aten::_unique2',
}


class Operators(TorchDispatchMode):
    """Names of all operators that run, backward passes included."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        self.names.append(func.name().partition('.')[0])
        return func(*args, **(kwargs or {}))


class OneLayer(nn.Module):
    """A backbone that compiles quickly."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, stride=4)

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor]:
        """Features (N, 4, 8, 8) of images (N, 3, 32, 32)."""
        return (self.conv(images).relu(),)


def build(**changes: Any) -> Any:
    """A small classifier with the weights of seed 0."""
    settings = copy.deepcopy(SETTINGS)
    settings['head'].update(changes.pop('head', {}))
    settings.update(changes)
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        return MODELS.build(settings)


def images_and_labels() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    return (
        torch.randn(5, 3, 32, 32, generator=generator),
        torch.tensor([0, 2, 1, 1, 0]),
    )


def samples_of(
    labels: torch.Tensor, scores: torch.Tensor | None = None
) -> list[DataSample]:
    samples = [DataSample().set_gt_label(int(label)) for label in labels]
    if scores is not None:
        for sample, score in zip(samples, scores, strict=True):
            sample.set_gt_score(score)
    return samples


@pytest.mark.parametrize('soft', [False, True])
@pytest.mark.parametrize(
    'loss',
    [
        dict(type='CrossEntropyLoss'),
        dict(type='LabelSmoothLoss', label_smooth_val=0.1, num_classes=3),
    ],
)
def test_losses_are_those_of_data_samples(loss: dict, soft: bool) -> None:
    model = build(head=dict(loss=loss))
    reference = build(
        head=dict(loss=loss), type='ImageClassifier', data_preprocessor=None
    )
    assert type(reference) is ImageClassifier
    inputs, labels = images_and_labels()
    batch = ClassificationBatch(gt_label=labels)
    scores = None
    if soft:
        scores = torch.rand(5, 3).softmax(dim=1)
        batch.gt_score = scores
    expected = reference.loss(inputs, samples_of(labels, scores))
    torch.testing.assert_close(model.loss(inputs, batch), expected)
    again = build(head=dict(loss=loss)).loss(
        inputs, samples_of(labels, scores)
    )
    torch.testing.assert_close(again, expected)


def test_predictions_are_those_of_data_samples() -> None:
    model = build().eval()
    inputs, labels = images_and_labels()
    batch = ClassificationBatch(gt_label=labels, sample_idx=torch.arange(5))
    with torch.no_grad():
        (found,) = model(inputs, batch, mode='predict')
        expected = model(inputs, samples_of(labels), mode='predict')
        alone = model(inputs, mode='predict')
    scores = torch.stack([sample.pred_score for sample in expected])
    torch.testing.assert_close(found.pred_score, scores)
    assert found.sample_idx.tolist() == list(range(5)) and len(found) == 5
    assert len(alone) == 5 and isinstance(alone[0], DataSample)


def test_logits_are_float32_where_the_network_is_not() -> None:
    model = build().eval()
    inputs, labels = images_and_labels()
    batch = ClassificationBatch(gt_label=labels)
    with torch.autocast('cpu', torch.bfloat16):
        assert model(inputs).dtype == torch.bfloat16
        assert model.loss(inputs, batch)['loss'].dtype == torch.float32
        (found,) = model.predict(inputs, batch)
    assert found.pred_score.dtype == torch.float32


def test_weights_lie_as_the_images_do() -> None:
    preprocessor = dict(SETTINGS['data_preprocessor'], channels_last=True)
    model = build(data_preprocessor=preprocessor)
    plain = build()
    assert model.backbone.conv1.weight.is_contiguous(
        memory_format=torch.channels_last
    )
    assert not plain.backbone.conv1.weight.is_contiguous(
        memory_format=torch.channels_last
    )
    inputs, labels = images_and_labels()
    batch = ClassificationBatch(gt_label=labels)
    torch.testing.assert_close(
        model.loss(inputs, batch), plain.loss(inputs, batch)
    )


@pytest.mark.parametrize('augment', [None, dict(type='Mixup', alpha=1.0)])
def test_a_preprocessor_of_mmpretrain_is_built_as_ever(
    augment: dict | None,
) -> None:
    train_cfg = augment and dict(augments=[augment])
    model = build(
        data_preprocessor=dict(type='ClsDataPreprocessor', num_classes=3),
        train_cfg=train_cfg,
    )
    assert (model.data_preprocessor.batch_augments is None) == (
        augment is None
    )


@pytest.mark.parametrize('key', ['head', 'accuracy'])
def test_heads_that_it_cannot_use(key: str) -> None:
    inputs, labels = images_and_labels()
    batch = ClassificationBatch(gt_label=labels)
    if key == 'accuracy':
        model, message = build(head=dict(cal_acc=True)), 'cal_acc=True'
    else:
        model, message = build(), 'expected a head with a loss_module'
        model.head = None
    with pytest.raises(InputError, match=message):
        model.loss(inputs, batch)


@pytest.mark.parametrize(
    'backend',
    [
        'aot_eager',
        pytest.param(
            'inductor',
            marks=pytest.mark.skipif(
                'MMVISION_TEST_INDUCTOR' not in os.environ,
                reason='calls a C++ compiler, for minutes the first time; '
                'set MMVISION_TEST_INDUCTOR=1',
            ),
        ),
    ],
)
def test_a_compiled_network_learns_the_same(backend: str) -> None:
    """Names of weights stay the same, and copies have weights of their own."""
    torch.manual_seed(0)
    backbone = OneLayer()
    narrow = dict(head=dict(in_channels=4))
    eager = build(backbone=copy.deepcopy(backbone), **narrow)
    options = dict(backend=backend)
    compiled = build(backbone=backbone, compile=options, **narrow)
    assert list(compiled.state_dict()) == list(eager.state_dict())
    inputs, labels = images_and_labels()
    losses = []
    for model in (eager, compiled):
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for _ in range(3):
            batch = ClassificationBatch(gt_label=labels)
            loss = model.loss(inputs, batch)['loss']
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    assert losses[:3] == pytest.approx(losses[3:], abs=1e-4)
    assert losses[2] < losses[0]
    assert list(compiled.state_dict()) == list(eager.state_dict())
    # A copy, as EMAHook makes one, uses its own weights.
    twin = copy.deepcopy(compiled)
    with torch.no_grad():
        twin.head.fc.weight.zero_()
        twin.head.fc.bias.zero_()
    loss = twin.loss(inputs, ClassificationBatch(gt_label=labels))['loss']
    assert loss.item() == pytest.approx(np.log(3), abs=1e-5)


class Losses(Hook):
    """Losses of the iterations, and the operators that ran in each."""

    priority = 'LOWEST'

    def __init__(self) -> None:
        self.values: list[float] = []
        self.waited: list[set[str]] = []

    def before_train_iter(self, runner: Any, *_: Any, **__: Any) -> None:
        self._operators = Operators()
        self._operators.__enter__()

    def after_train_iter(
        self,
        runner: Any,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Any = None,
    ) -> None:
        self._operators.__exit__(None, None, None)
        names = self._operators.names
        assert 'aten::convolution_backward' in names
        self.waited.append(WAITING & set(names))
        self.values.append(outputs['loss'].item())


@pytest.fixture(scope='module')
def data_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Training images for three batches of six."""
    return make_cifar(tmp_path_factory.mktemp('cifar'), 'folders', CLASSES)


def train(
    repository: Path,
    data_root: Path,
    work_dir: Path,
    stock: bool,
    interval: int,
    smooth: bool = False,
) -> Losses:
    """An epoch without augmentation, in the order of the files."""
    bases = repository / 'configs' / '_base_'
    name = 'cifar100_stock.py' if stock else 'cifar100.py'
    data = Config.fromfile(bases / 'datasets' / name)
    loader = data.train_dataloader.to_dict()
    loader.update(batch_size=6, num_workers=0, persistent_workers=False)
    loader['sampler'] = dict(type='DefaultSampler', shuffle=False)
    loader['dataset'].update(
        data_root=str(data_root), metainfo=dict(classes=CLASSES)
    )
    preprocessor = dict(SETTINGS['data_preprocessor'])
    model = copy.deepcopy(SETTINGS)
    optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.1, momentum=0.9))
    hooks = dict(logger=None, checkpoint=None)
    if stock:
        loader['dataset']['pipeline'] = [dict(type='PackInputs')]
        model['type'] = 'ImageClassifier'
        preprocessor.update(type='ClsDataPreprocessor', to_rgb=False)
    else:
        hooks['runtime_info'] = dict(
            type='mmvision_ext.DeferredRuntimeInfoHook', sync_interval=interval
        )
        optim_wrapper.update(
            type='mmvision_ext.MixedPrecisionOptimWrapper', enabled=False
        )
    model['data_preprocessor'] = preprocessor
    if smooth:
        model['head']['loss'] = dict(
            type='LabelSmoothLoss', label_smooth_val=0.1, num_classes=3
        )
    losses = Losses()
    torch.manual_seed(0)
    runner = Runner(
        default_scope='mmpretrain',
        model=model,
        train_dataloader=loader,
        train_cfg=dict(by_epoch=True, max_epochs=1),
        optim_wrapper=optim_wrapper,
        work_dir=str(work_dir),
        custom_hooks=[losses],
        default_hooks=hooks,
        randomness=dict(seed=0),
        log_level='ERROR',
        experiment_name=f'{stock} {interval} {smooth}',
    )
    runner.train()
    return losses


def test_both_ways_of_training_have_the_same_losses(
    repository: Path, data_root: Path, tmp_path: Path
) -> None:
    ours = train(repository, data_root, tmp_path / 'a', False, 1)
    stock = train(repository, data_root, tmp_path / 'b', True, 1)
    assert len(ours.values) == 3 and len(set(ours.values)) == 3
    np.testing.assert_allclose(ours.values, stock.values, rtol=0, atol=1e-6)
    # A test that can fail: both read every loss.
    assert all(ours.waited) and all(stock.waited)


def test_nothing_waits_for_the_device_between_readings(
    repository: Path, data_root: Path, tmp_path: Path
) -> None:
    """Preprocessing with augmentation, loss, backward, optimizer, hooks."""
    ours = train(repository, data_root, tmp_path, False, 5, smooth=True)
    assert ours.waited == [set(), set(), {'aten::_local_scalar_dense'}]
