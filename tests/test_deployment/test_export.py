"""Exported files give what PyTorch gives, and the check can tell."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.registry import MODELS
from PIL import Image

pytest.importorskip('onnxscript', reason='extra deploy is not installed')

import onnx  # noqa: E402
import onnxruntime  # noqa: E402

from mmvision_ext.apis import classify_dataset  # noqa: E402
from mmvision_ext.deployment.export import (  # noqa: E402
    check_onnx,
    describe,
    export_and_check,
    export_onnx,
    random_images,
    require_close,
)
from mmvision_ext.deployment.images import ImageBatches  # noqa: E402
from mmvision_ext.deployment.packages import need  # noqa: E402
from mmvision_ext.deployment.session import OnnxClassifier  # noqa: E402
from mmvision_ext.testing.tiny_attributes import (  # noqa: E402
    make_attribute_data,
    object_config,
)
from mmvision_ext.utils import InputError  # noqa: E402

CLASSES, SIZE = ('bars', 'dots', 'plain', 'steps'), 32  # of conftest.py


def test_close_to_pytorch_for_any_batch_size(
    exported: Path, resnet: Any
) -> None:
    (batch,) = ImageBatches(resnet.load_config(), 'test', 24)
    rows = check_onnx(resnet.load(), exported, batch.images, (1, 5, 24))
    assert [row.batch_size for row in rows] == [1, 5, 24]
    assert [row.same for row in rows] == [1, 5, 24]
    require_close(rows, 1e-5)


def test_pixels_in_probabilities_out(exported: Path, resnet: Any) -> None:
    """By PIL and onnxruntime alone, against the dataset's own results."""
    expected = classify_dataset(resnet.load(), resnet.load_config())
    images = []
    for path in expected.paths:
        image = Image.open(path).resize((SIZE, SIZE), Image.BILINEAR)
        images.append(np.asarray(image)[..., ::-1].transpose(2, 0, 1))
    session = onnxruntime.InferenceSession(exported)
    (found,) = session.run(
        ['probabilities'], {'image': np.stack(images).astype(np.float32)}
    )
    np.testing.assert_allclose(found.sum(1), 1, atol=1e-5)
    # PIL and cv2 reduce images differently.
    assert np.mean(found.argmax(1) == expected.predicted) > 0.9


def test_metadata_says_what_the_file_needs(
    exported: Path, resnet: Any
) -> None:
    data = OnnxClassifier(exported).metadata
    assert tuple(json.loads(data['classes'])) == CLASSES
    assert json.loads(data['input_size']) == [SIZE, SIZE]
    assert json.loads(data['mean']) == pytest.approx([123.675, 116.28, 103.53])
    assert json.loads(data['std']) == pytest.approx([58.395, 57.12, 57.375])
    assert data['channel_order'] == 'BGR'
    assert data['normalised_order'] == 'RGB'
    digest = hashlib.sha256(resnet.checkpoint.read_bytes()).hexdigest()
    assert data['checkpoint_sha256'] == digest
    assert len(data['config_sha256']) == 64


def test_an_altered_weight_is_found(
    exported: Path, resnet: Any, tmp_path: Path
) -> None:
    content = onnx.load(exported)
    (bias,) = (
        item
        for item in content.graph.initializer
        if item.name.endswith('fc.bias')
    )
    values = onnx.numpy_helper.to_array(bias).copy()
    values[0] += 0.01
    bias.CopyFrom(onnx.numpy_helper.from_array(values, bias.name))
    onnx.save(content, tmp_path / 'altered.onnx')
    images = random_images(3, (3, SIZE, SIZE))
    good = check_onnx(resnet.load(), exported, images, (1, 3))
    require_close(good, 1e-4)
    bad = check_onnx(resnet.load(), tmp_path / 'altered.onnx', images, (1, 3))
    with pytest.raises(
        InputError, match='does not compute what the checkpoint'
    ):
        require_close(bad, 1e-4)


def test_not_a_number_is_not_close(resnet: Any, exported: Path) -> None:
    model = resnet.load()
    model.head.fc.bias.data[0] = torch.nan
    rows = check_onnx(model, exported, random_images(1, (3, 32, 32)), (1,))
    with pytest.raises(InputError, match='found nan and nan'):
        require_close(rows, 1e9)


def test_without_data_a_size_is_enough(resnet: Any, tmp_path: Path) -> None:
    config = resnet.load_config()
    config.test_dataloader.dataset.data_root = str(tmp_path / 'absent')
    rows = export_and_check(
        config, resnet.checkpoint, tmp_path / 'm.onnx', (2,), (32, 48)
    )
    require_close(rows, 1e-5)
    assert OnnxClassifier(tmp_path / 'm.onnx').metadata['input_size'] == (
        '[32, 48]'
    )
    with pytest.raises(InputError, match='absent'):
        export_and_check(config, resnet.checkpoint, tmp_path / 'n.onnx', (2,))


def test_a_batch_size_fixed_by_the_model_is_said(
    resnet: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some windows of attention are undone by this kind of view."""
    model = resnet.load()
    forward = model.head.forward

    def through_float(feats: tuple) -> torch.Tensor:
        return forward(feats).view(int(len(feats[-1]) / 1.0), 4)

    monkeypatch.setattr(model.head, 'forward', through_float)
    shape = (3, SIZE, SIZE)
    with pytest.raises(InputError, match='--batch-size 1'):
        export_onnx(model, tmp_path / 'm.onnx', shape, {})
    assert not (tmp_path / 'm.onnx').exists()
    path = export_onnx(model, tmp_path / 'm.onnx', shape, {}, batch_size=1)
    require_close(check_onnx(model, path, random_images(1, shape), (1,)), 1e-5)


def test_an_error_without_a_text_is_told(
    resnet: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise AssertionError

    monkeypatch.setattr(torch.export, 'export', fail)
    with pytest.raises(InputError, match='AssertionError: no reason given'):
        export_onnx(resnet.load(), tmp_path / 'm.onnx', (3, SIZE, SIZE), {})


def test_attributes_are_sigmoids(resnet: Any, tmp_path: Path) -> None:
    model = resnet.load()
    model.head = MODELS.build(
        dict(
            type='mmvision_ext.AttributeHead',
            num_classes=4,
            in_channels=128,
            hidden_channels=16,
        )
    ).eval()
    shape = (3, SIZE, SIZE)
    path = export_onnx(
        model, tmp_path / 'm.onnx', shape, describe(model, 'absent', shape)
    )
    images = random_images(3, shape)
    rows = check_onnx(model, path, images, (1, 3))
    require_close(rows, 1e-5)
    assert [row.same for row in rows] == [1, 3]
    session = OnnxClassifier(path)
    assert session.metadata['scores'] == 'sigmoid'
    logits = session(images, 'logits')
    np.testing.assert_allclose(
        session(images), 1 / (1 + np.exp(-logits)), rtol=1e-5
    )


def test_classes_are_asked_of_labelled_images(
    tmp_path: Path,
) -> None:
    make_attribute_data(tmp_path)
    config = object_config(tmp_path)
    with pytest.raises(InputError, match='can be exported, not quantised'):
        next(iter(ImageBatches(config, 'test', 2)))
    batch = next(iter(ImageBatches(config, 'test', 2, labelled=False)))
    assert batch.labels.tolist() == [-1, -1]


def test_a_damaged_file_is_one_error(tmp_path: Path) -> None:
    (tmp_path / 'm.onnx').write_bytes(b'no model')
    with pytest.raises(InputError, match='cannot load'):
        OnnxClassifier(tmp_path / 'm.onnx')
    with pytest.raises(InputError, match='found none'):
        OnnxClassifier(tmp_path / 'absent.onnx')


def test_an_absent_package_names_the_command() -> None:
    with pytest.raises(InputError, match='--extras deploy'):
        need('no_such_package')
