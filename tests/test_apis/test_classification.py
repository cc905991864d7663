"""Classifiers from files, and what they say of a dataset."""

from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import MODELS, DefaultScope
from mmpretrain import ImageClassificationInferencer

from mmvision_ext.apis import (
    DatasetClassification,
    classify_dataset,
    load_classifier,
)
from mmvision_ext.apis.classification import _label, class_scores
from mmvision_ext.apis.classification_layers import pooled
from mmvision_ext.apis.classification_names import class_index
from mmvision_ext.apis.model import count_parameters
from mmvision_ext.testing.image_folders import make_class_folders
from mmvision_ext.utils import InputError

CLASSES = ('bird', 'cat', 'dog')
RESNET = dict(
    type='ImageClassifier',
    data_preprocessor=dict(mean=[120.0] * 3, std=[60.0] * 3, to_rgb=True),
    backbone=dict(
        type='ResNet_CIFAR', depth=18, stem_channels=8, base_channels=8
    ),
    head=dict(type='mmvision_ext.ConvGAPHead', num_classes=3, in_channels=64),
)
VIT = dict(
    type='ImageClassifier',
    backbone=dict(
        type='VisionTransformer',
        arch=dict(
            embed_dims=16, num_layers=2, num_heads=2, feedforward_channels=32
        ),
        img_size=32,
        patch_size=8,
    ),
    head=dict(type='VisionTransformerClsHead', num_classes=3, in_channels=16),
)
SWIN = dict(
    type='ImageClassifier',
    backbone=dict(
        type='SwinTransformer',
        arch=dict(embed_dims=16, depths=[1, 1], num_heads=[2, 2]),
        img_size=32,
        window_size=4,
        out_indices=(1,),
    ),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(type='LinearClsHead', num_classes=3, in_channels=32),
)


@pytest.fixture(scope='module')
def images(tmp_path_factory) -> Path:
    """Two images each of three classes, 32 x 32."""
    return make_class_folders(tmp_path_factory.mktemp('images'), CLASSES, 2)


@pytest.fixture
def config(images: Path) -> Config:
    """Config of a small convolutional classifier."""
    return _config(RESNET, images)


@pytest.fixture
def checkpoint(config: Config, tmp_path: Path) -> Path:
    """Random weights of it."""
    return _save(config, tmp_path / 'random.pth')


def _config(model: dict, images: Path) -> Config:
    loader = dict(
        batch_size=4,
        num_workers=0,
        sampler=dict(type='DefaultSampler', shuffle=True),
        dataset=dict(
            type='CustomDataset',
            data_prefix=str(images),
            classes=CLASSES,
            pipeline=[dict(type='LoadImageFromFile'), dict(type='PackInputs')],
        ),
    )
    return Config(
        dict(default_scope='mmpretrain', model=model, test_dataloader=loader)
    )


def _save(config: Config, path: Path, **meta: object) -> Path:
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        model = MODELS.build(config.model)
    torch.save({'state_dict': model.state_dict(), 'meta': meta}, path)
    return path


def _input(path: str) -> torch.Tensor:
    """An image as the network takes it, (1, 3, 32, 32)."""
    rgb = cv2.imread(path)[..., ::-1].astype(np.float32)
    return torch.from_numpy((rgb - 120) / 60).permute(2, 0, 1)[None]


def test_scores_labels_and_features_of_each_image(config, checkpoint) -> None:
    model = load_classifier(config, checkpoint, 'cpu')
    assert not model.training
    results = classify_dataset(model, config, layer='backbone')
    assert results.classes == CLASSES
    assert [Path(path).parent.name for path in results.paths] == [
        'bird',
        'bird',
        'cat',
        'cat',
        'dog',
        'dog',
    ]  # though the loader of the config shuffles
    assert results.labels.tolist() == [0, 0, 1, 1, 2, 2]
    assert results.features is not None
    for index, path in enumerate(results.paths):
        with torch.no_grad():
            maps = model.backbone(_input(path))[-1]
            scores = model.head((maps,)).softmax(dim=1)
        assert results.scores[index] == pytest.approx(
            scores[0].numpy(), abs=1e-5
        )
        assert results.features[index] == pytest.approx(
            maps.mean(dim=(2, 3))[0].numpy(), abs=1e-5
        )
    assert classify_dataset(model, config).features is None


def test_features_are_not_changed_by_the_layers_after(
    config, checkpoint
) -> None:
    """Layers that work in place change the tensor, not what was recorded."""
    model = load_classifier(config, checkpoint, 'cpu')
    normed = classify_dataset(model, config, layer='backbone.layer1.0.bn1')
    assert normed.features is not None
    (path, *_) = normed.paths
    block = model.backbone.layer1[0]
    with torch.no_grad():
        stem = model.backbone.relu(
            model.backbone.bn1(model.backbone.conv1(_input(path)))
        )
        expected = block.bn1(block.conv1(stem)).mean(dim=(2, 3))
    assert normed.features[0] == pytest.approx(expected[0].numpy(), abs=1e-5)


@pytest.mark.parametrize(('model', 'size'), [(VIT, 16), (SWIN, 32)])
def test_features_of_transformers(
    model: dict, size: int, images: Path, tmp_path: Path
) -> None:
    config = _config(model, images)
    classifier = load_classifier(
        config, _save(config, tmp_path / 'x.pth'), 'cpu'
    )
    results = classify_dataset(classifier, config, layer='backbone')
    assert results.features is not None
    assert results.features.shape == (6, size)
    assert results.scores.sum(axis=1) == pytest.approx(np.ones(6), abs=1e-5)


def test_class_names_are_those_of_the_checkpoint(config, tmp_path) -> None:
    names = ('a', 'b', 'c')
    saved = _save(config, tmp_path / 'x.pth', dataset_meta={'classes': names})
    model = load_classifier(config, saved, 'cpu')
    assert tuple(model.dataset_meta['classes']) == names
    with pytest.raises(InputError, match="3 classes.*'a' and 'bird'"):
        classify_dataset(model, config)


def test_weights_of_another_architecture_are_refused(
    config, images: Path, tmp_path: Path
) -> None:
    other = _save(_config(VIT, images), tmp_path / 'vit.pth')
    with pytest.raises(InputError, match='(?s)does not fit.*missing'):
        load_classifier(config, other, 'cpu')


def test_weights_for_another_class_count_are_refused(
    config, checkpoint
) -> None:
    config.model.head.num_classes = 7
    with pytest.raises(InputError, match=r'mismatched.*head.conv'):
        load_classifier(config, checkpoint, 'cpu')


def test_load_hooks_of_a_model_are_heeded(images: Path, tmp_path) -> None:
    """mmpretrain's vision transformer resizes its position embedding."""
    config = _config(VIT, images)
    saved = _save(config, tmp_path / 'vit.pth')
    config.model.backbone.img_size = 64
    model = load_classifier(config, saved, 'cpu')
    assert model.backbone.pos_embed.shape == (1, 65, 16)


def test_nothing_is_downloaded(config, monkeypatch) -> None:
    asked = []

    def create_model(*_args: object, **settings: object) -> torch.nn.Module:
        asked.append(settings)
        return torch.nn.Conv2d(3, 64, 1, bias=False)

    monkeypatch.setattr('timm.create_model', create_model)
    config.model.backbone = dict(
        type='TIMMBackbone', model_name='resnet18', pretrained=True
    )
    head = 64 * 3 + 3
    assert count_parameters(config) == 3 * 64 + head
    assert [settings['pretrained'] for settings in asked] == [False]
    assert config.model.backbone.pretrained


def test_a_preprocessor_beside_the_model_is_used(config, checkpoint) -> None:
    config.data_preprocessor = config.model.pop('data_preprocessor')
    model = load_classifier(config, checkpoint, 'cpu')
    assert model.data_preprocessor.mean.flatten().tolist() == [120.0] * 3


def test_mmpretrain_finds_config_and_classes(config, checkpoint) -> None:
    model = load_classifier(config, checkpoint, 'cpu')
    image = np.zeros((32, 32, 3), np.uint8)
    (result,) = ImageClassificationInferencer(model)(image)
    assert result['pred_class'] in CLASSES


def test_a_missing_loader_is_named(config, checkpoint) -> None:
    model = load_classifier(config, checkpoint, 'cpu')
    with pytest.raises(InputError, match='val_dataloader: expected'):
        classify_dataset(model, config, 'val')


def test_an_unknown_layer_is_named_with_similar_ones(
    config, checkpoint
) -> None:
    model = load_classifier(config, checkpoint, 'cpu')
    with pytest.raises(InputError, match="'backbone.layer9'.*layer4"):
        classify_dataset(model, config, layer='backbone.layer9')


def test_layers_that_split_images_are_refused(images: Path, tmp_path) -> None:
    config = _config(SWIN, images)
    model = load_classifier(config, _save(config, tmp_path / 'x.pth'), 'cpu')
    layer = 'backbone.stages.0.blocks.0.attn.w_msa.qkv'
    with pytest.raises(InputError, match='one output per image, found 16'):
        classify_dataset(model, config, layer=layer)


def test_pooled_refuses_other_shapes() -> None:
    with pytest.raises(InputError, match=r'found shape \(2, 3, 4, 5, 6\)'):
        pooled(torch.zeros(2, 3, 4, 5, 6), 'x')
    tokens = torch.arange(12.0).reshape(1, 3, 4)
    assert pooled(tokens, 'x').tolist() == [[4.0, 5.0, 6.0, 7.0]]


def test_predictions_that_are_no_probabilities_are_refused() -> None:
    with pytest.raises(InputError, match='expected pred_score.*found none'):
        class_scores({}, 3)
    with pytest.raises(InputError, match=r'found shape \(2,\)'):
        class_scores({'pred_score': torch.ones(2)}, 3)
    with pytest.raises(InputError, match='nan or infinity for a.jpg'):
        nan = torch.tensor([0.5, float('nan'), 0.5])
        class_scores({'pred_score': nan, 'img_path': 'a.jpg'}, 3)


def test_several_labels_are_refused() -> None:
    with pytest.raises(InputError, match='found 2 for a.jpg'):
        _label({'gt_label': torch.tensor([0, 1]), 'img_path': 'a.jpg'})
    with pytest.raises(InputError, match='found none'):
        _label({})


def test_images_in_memory_are_given_as_bgr() -> None:
    pixels = np.zeros((2, 2, 3), np.uint8)
    pixels[..., 0] = 200  # red
    dataset = SimpleNamespace(
        get_data_info=lambda index: {'img': pixels}, metainfo={}
    )
    results = DatasetClassification(
        np.ones((1, 1), np.float32),
        np.zeros(1, np.int64),
        ['image 0'],
        ('a',),
        dataset=dataset,
    )
    assert results.source(0).read()[0, 0].tolist() == [0, 0, 200]


def test_classes_by_name_or_index() -> None:
    assert class_index('cat', CLASSES) == 1
    assert class_index('2', CLASSES) == 2
    with pytest.raises(InputError, match="found 'cot'; did you mean 'cat'"):
        class_index('cot', CLASSES)
    with pytest.raises(InputError, match="index below 3, found '3'"):
        class_index('3', CLASSES)


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        ('a = (', 'cannot be read: '),
        ("_base_ = 'none.py'", "_base_: no file for 'none.py'"),
        ('a = 1', 'model: expected in the config, found none'),
        ("model = dict(type='Nope')", r'cannot be built: KeyError: .*Nope'),
        ("model = dict(type='ImageClassifier')", 'cannot be built: TypeError'),
    ],
)
def test_wrong_configs_are_one_message(
    content: str, message: str, checkpoint: Path, tmp_path: Path
) -> None:
    path = tmp_path / 'wrong.py'
    path.write_text(content)
    with pytest.raises(InputError, match=message) as error:
        load_classifier(path, checkpoint, 'cpu')
    assert 'wrong.py' in str(error.value)


def test_config_and_checkpoint_in_the_wrong_order(
    checkpoint: Path, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match='config comes before the checkpo'):
        load_classifier(checkpoint, tmp_path / 'config.py', 'cpu')


def test_an_unknown_dataset_is_one_message(config, checkpoint) -> None:
    model = load_classifier(config, checkpoint, 'cpu')
    wrong = config.copy()
    wrong.test_dataloader.dataset.type = 'Nope'
    with pytest.raises(InputError, match='test_dataloader: cannot be built'):
        classify_dataset(model, wrong)


@pytest.mark.parametrize('device', ['gpu', 'cuda:99'])
def test_devices_that_are_not_there(device, config, checkpoint) -> None:
    with pytest.raises(InputError, match=f"device: .*found '{device}'"):
        load_classifier(config, checkpoint, device)


def test_a_checkpoint_without_meta(config, checkpoint, tmp_path) -> None:
    content = torch.load(checkpoint, weights_only=True)
    torch.save({**content, 'meta': None}, tmp_path / 'bare.pth')
    model = load_classifier(config, tmp_path / 'bare.pth', 'cpu')
    assert tuple(model.dataset_meta['classes']) == CLASSES
