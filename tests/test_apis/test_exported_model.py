"""An exported file in the place of a config and a checkpoint."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.config import Config
from PIL import Image

for _package in ('onnx', 'onnxruntime', 'onnxscript'):
    pytest.importorskip(_package, reason='extra deploy is not installed')

import onnx  # noqa: E402
import onnxruntime  # noqa: E402

from mmvision_ext.apis import (  # noqa: E402
    AttributeInferencer,
    ClassificationInferencer,
    DetectionInferencer,
    load_inferencer,
    task_of,
)
from mmvision_ext.apis.exported_steps import stored_steps  # noqa: E402
from mmvision_ext.apis.model import load_config  # noqa: E402
from mmvision_ext.cli import main  # noqa: E402
from mmvision_ext.datasets.apascal_attributes import GROUPS, NAMES  # noqa: E402
from mmvision_ext.deployment.detector_export import (  # noqa: E402
    describe_detector,
    export_detector,
)
from mmvision_ext.deployment.export import (  # noqa: E402
    describe,
    export_onnx,
)
from mmvision_ext.testing.tiny_attributes import (  # noqa: E402
    make_attribute_data,
    object_config,
    save_random,
)
from mmvision_ext.testing.tiny_photos import save_classifier  # noqa: E402
from mmvision_ext.utils import InputError  # noqa: E402


@pytest.fixture(scope='module')
def pictures(tmp_path_factory) -> Path:
    """Three images of differing shape in a folder."""
    folder = tmp_path_factory.mktemp('pictures')
    rng = np.random.default_rng(0)
    for index, (height, width) in enumerate([(48, 48), (32, 60), (60, 40)]):
        block = rng.integers(0, 256, (-(-height // 8), -(-width // 8), 3))
        pixels = np.kron(block, np.ones((8, 8, 1)))[:height, :width]
        Image.fromarray(pixels.astype(np.uint8)).save(folder / f'{index}.png')
    return folder


@pytest.fixture(scope='module')
def detector(mask_rcnn, tmp_path_factory) -> tuple[DetectionInferencer, Path]:
    """In PyTorch, and exported."""
    eager = DetectionInferencer(
        mask_rcnn.config, mask_rcnn.checkpoint, 'cpu', score_thr=0.0
    )
    # Close scores would be ordered by rounding alone.
    torch.manual_seed(0)
    for layer in (
        eager.model.rpn_head.rpn_cls,
        eager.model.roi_head.bbox_head.fc_cls,
    ):
        torch.nn.init.normal_(layer.weight, std=0.5)
    path = tmp_path_factory.mktemp('detector') / 'detector.onnx'
    metadata = describe_detector(eager.model, mask_rcnn.checkpoint)
    return eager, export_detector(eager.model, path, metadata)


@pytest.fixture(scope='module')
def classifier(tmp_path_factory) -> tuple[ClassificationInferencer, Path]:
    """In PyTorch, and exported for two images at once."""
    root = tmp_path_factory.mktemp('classifier')
    config, weights = save_classifier(root)
    eager = ClassificationInferencer(config, weights, 'cpu')
    return eager, export(eager.model, weights, root / 'm.onnx', (3, 32, 32))


@pytest.fixture(scope='module')
def attributes(tmp_path_factory) -> tuple[AttributeInferencer, Path]:
    """A model of objects in PyTorch, and exported."""
    root = tmp_path_factory.mktemp('attributes')
    make_attribute_data(root)
    config = object_config(root)
    meta = dict(classes=NAMES, attribute_groups=GROUPS)
    weights = save_random(config, root / 'objects.pth', meta)
    eager = AttributeInferencer(config, weights, 'cpu', thresholds=0.4)
    model = eager.model.model
    size = stored_steps(config)[0]['size']
    return eager, export(model, weights, root / 'm.onnx', (3, size, size))


def export(model: Any, weights: Path, path: Path, shape: tuple) -> Path:
    return export_onnx(
        model, path, shape, describe(model, weights, shape), batch_size=2
    )


def altered(path: Path, target: Path, **metadata: str | None) -> Path:
    """The file with other metadata; None takes an entry out."""
    content = onnx.load(path)
    known = {item.key: item.value for item in content.metadata_props}
    changed = {k: v for k, v in (known | metadata).items() if v is not None}
    onnx.helper.set_model_props(content, changed)
    onnx.save(content, target)
    return target


def test_detections_are_those_of_pytorch(detector, pictures: Path) -> None:
    eager, path = detector
    exported = DetectionInferencer(str(path), score_thr=0.0)
    expected = eager(pictures, progress=False)
    found = exported(pictures, batch_size=2, progress=False)
    for ours, theirs in zip(found, expected, strict=True):
        assert (ours.height, ours.width) == (theirs.height, theirs.width)
        assert ours.classes == theirs.classes and len(ours) > 5
        assert np.diff(np.sort(ours.scores)).min() > 1e-5
        np.testing.assert_allclose(ours.boxes, theirs.boxes, atol=1e-2)
        np.testing.assert_allclose(ours.scores, theirs.scores, atol=1e-5)
        assert ours.labels.tolist() == theirs.labels.tolist()
        same = ours.mask_array() == theirs.mask_array()
        assert same.mean() > 0.999 and ours.mask_array().any()
    few = DetectionInferencer(path, score_thr=0.99)
    assert len(few(pictures, progress=False)[0]) == 0


def test_classes_are_those_of_pytorch(classifier, pictures: Path) -> None:
    """Three images, of which two fit into the file at once."""
    eager, path = classifier
    files = [next(pictures.glob('0.*'))] * 3
    expected = eager(files, progress=False)
    found = ClassificationInferencer(path)(files, batch_size=3, progress=False)
    assert len(found) == 3
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours.scores, theirs.scores, atol=1e-5)
        assert ours.classes == theirs.classes
        assert ours.top(2)[0][0] == theirs.top(2)[0][0]


def test_attributes_are_those_of_pytorch(attributes, pictures: Path) -> None:
    eager, path = attributes
    call = dict(boxes=[[(2, 3, 30, 28), (0, 0, 20, 32)]], progress=False)
    expected = eager(pictures / '1.png', **call)
    exported = AttributeInferencer(path, thresholds=0.4)
    found = exported(pictures / '1.png', **call)
    assert len(found) == 2
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours.scores, theirs.scores, atol=1e-5)
        assert (ours.names, ours.groups) == (theirs.names, theirs.groups)
        assert ours.box == theirs.box
    with pytest.raises(InputError, match='which can be told'):
        exported(pictures / '1.png', known={NAMES[0]: True})


def test_the_inferencer_follows_from_the_file(
    detector, classifier, attributes
) -> None:
    for (eager, path), task in (
        (detector, 'detection'),
        (classifier, 'classification'),
        (attributes, 'attributes'),
    ):
        assert task_of(path) == task
        assert type(load_inferencer(path)) is type(eager)
        assert type(load_inferencer(str(path), device='cpu')) is type(eager)
    with pytest.raises(InputError, match='one of detection, found one of cla'):
        DetectionInferencer(classifier[1])


def test_weights_and_devices_beside_a_file_are_refused(classifier) -> None:
    with pytest.raises(InputError, match=r'its weights, found epoch_1\.pth'):
        ClassificationInferencer(classifier[1], 'epoch_1.pth')
    with pytest.raises(InputError, match='expected cpu .* found cuda:0'):
        load_inferencer(classifier[1], device='cuda:0')


def test_files_of_others_are_refused(classifier, tmp_path: Path) -> None:
    path = classifier[1]
    foreign = altered(path, tmp_path / 'a.onnx', pipeline=None, task=None)
    for load in (ClassificationInferencer, load_inferencer, task_of):
        with pytest.raises(InputError, match='without pipeline, task in its'):
            load(foreign)
    other = altered(path, tmp_path / 'b.onnx', task='segmentation')
    with pytest.raises(InputError, match='expected a task of .* found segm'):
        load_inferencer(other)
    torn = altered(path, tmp_path / 'c.onnx', classes='["a", ')
    with pytest.raises(InputError, match='expected JSON in classes'):
        load_inferencer(torn)
    (tmp_path / 'd.onnx').write_bytes(b'no model')
    with pytest.raises(InputError, match='cannot load'):
        load_inferencer(tmp_path / 'd.onnx')


LOAD, PACK = dict(type='LoadImageFromFile'), dict(type='PackDetInputs')
RESIZE = dict(type='Resize', scale=(64, 64), keep_ratio=True)


@pytest.mark.parametrize(
    ('key', 'value', 'message'),
    [
        ('classes', 5, 'expected names'),
        ('classes', 'circle', 'expected names'),
        ('classes', [1], 'expected names'),
        ('classes', [], 'expected names'),
        ('dataset_meta', [], 'expected palette'),
        ('dataset_meta', dict(palette=[[1, 2]]), 'expected palette'),
        ('dataset_meta', dict(palette=[[1, 2, 3]]), 'a colour a class'),
        ('dataset_meta', dict(attribute_groups=[1]), 'expected palette'),
        ('mask_threshold', float('nan'), 'expected a number from 0 to 1'),
        ('mask_threshold', 2, 'expected a number from 0 to 1'),
        ('mask_threshold', None, 'expected a number from 0 to 1'),
        ('input_size', [0, 5], 'expected height and width'),
        ('input_size', 5, 'expected height and width'),
        ('input_size', [8.5, 5], 'expected height and width'),
        ('pipeline', {}, 'expected steps'),
        ('pipeline', [LOAD, PACK], 'LoadImageFromFile, Resize'),
        ('pipeline', [RESIZE, PACK], 'LoadImageFromFile, Resize'),
        ('pipeline', [LOAD, RESIZE], 'PackDetInputs, found'),
        ('pipeline', [LOAD, RESIZE | dict(scal=1), PACK], r'\[1\].*scal'),
        (
            'pipeline',
            [LOAD, RESIZE | dict(type='mmcv.PackDetInputs'), PACK],
            r'pipeline: expected',
        ),
        ('pipeline', [LOAD, RESIZE | dict(_scope_='os'), PACK], '_scope_'),
        (
            'pipeline',
            [LOAD, RESIZE | dict(scale=(10**6, 10**6)), PACK],
            'numbers up to 10000',
        ),
        (
            'pipeline',
            [LOAD, dict(type='Resize', scale_factor=1000), PACK],
            'numbers up to 16',
        ),
    ],
)
def test_each_entry_is_checked(
    detector, tmp_path: Path, key: str, value: Any, message: str
) -> None:
    path = altered(
        detector[1], tmp_path / 'm.onnx', **{key: json.dumps(value)}
    )
    with pytest.raises(InputError, match=message) as info:
        load_inferencer(path)
    assert 'm.onnx' in str(info.value) and key in str(info.value)


def test_classes_without_a_name_are_refused(
    detector, classifier, pictures: Path, tmp_path: Path
) -> None:
    path = altered(
        detector[1], tmp_path / 'm.onnx', classes='["a"]', dataset_meta='{}'
    )
    with pytest.raises(InputError, match=r'm\.onnx: expected labels from 0'):
        DetectionInferencer(path, score_thr=0)(pictures, progress=False)
    path = altered(classifier[1], tmp_path / 'c.onnx', classes='["a"]')
    with pytest.raises(InputError, match=r'c\.onnx: .*each of the 1 classes'):
        ClassificationInferencer(path)(pictures / '0.png', progress=False)


def test_one_session_is_built(
    classifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the suffix may be in capitals."""
    built = []
    session = onnxruntime.InferenceSession

    def count(*arguments: Any, **options: Any) -> Any:
        built.append(1)
        return session(*arguments, **options)

    monkeypatch.setattr(onnxruntime, 'InferenceSession', count)
    path = tmp_path / 'M.ONNX'
    path.write_bytes(classifier[1].read_bytes())
    assert task_of(path) == 'classification' and not built
    load_inferencer(path)
    assert len(built) == 1


def test_no_step_of_a_file_runs_code_of_its_choice(
    classifier, tmp_path: Path
) -> None:
    """mmengine builds any type that can be imported."""
    trace = tmp_path / 'trace'
    for step, message in (
        (dict(type='os.mkdir', path=str(trace)), "found 'os.mkdir'"),
        (dict(type='Resize', scale=dict(type='os.mkdir')), 'found {'),
        ('Resize', 'found None'),
    ):
        path = altered(
            classifier[1], tmp_path / 'm.onnx', pipeline=json.dumps([step])
        )
        with pytest.raises(InputError, match=message):
            load_inferencer(path)
    assert not trace.exists()


def test_images_of_another_size_are_refused(
    classifier, pictures: Path, tmp_path: Path
) -> None:
    steps = [dict(type='LoadImageFromFile'), dict(type='PackInputs')]
    path = altered(
        classifier[1], tmp_path / 'm.onnx', pipeline=json.dumps(steps)
    )
    with pytest.raises(InputError, match=r'expected \[32, 32\] .* \[48, 48\]'):
        ClassificationInferencer(path)(pictures / '0.png', progress=False)


def test_steps_that_cannot_be_stored_are_refused() -> None:
    steps = [dict(type='LoadImageFromFile'), dict(type='Albumentations')]
    loader = dict(dataset=dict(dataset=dict(pipeline=steps)))
    config = load_config(Config(dict(test_dataloader=loader)))
    with pytest.raises(InputError, match=r"\[1\]\.type: .*'Albumentations'"):
        stored_steps(config)


def test_predictions_from_the_command_line(
    detector, pictures: Path, tmp_path: Path, capsys
) -> None:
    photo, out = str(pictures / '0.png'), str(tmp_path / 'out')
    arguments = ('predict', str(detector[1]), '-', photo, '--out', out)
    assert main([*arguments, '--score-thr', '0']) == 0
    assert '2 files in' in capsys.readouterr().out
    content = json.loads((tmp_path / 'out/predictions.json').read_text())
    assert content['annotations']
    with pytest.raises(SystemExit):
        main(['predict', str(detector[1]), 'w.pth', photo, '--out', out])
    assert "takes '-' in its place" in capsys.readouterr().err
