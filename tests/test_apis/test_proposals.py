"""Stages of proposals."""

from pathlib import Path

import numpy as np
import pytest
import torch
from mmdet.registry import MODELS
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmengine.utils import get_installed_path
from PIL import Image

from mmvision_ext.apis import inference_detector
from mmvision_ext.apis.inferencer import array_pipeline
from mmvision_ext.apis.model import load_detector
from mmvision_ext.apis.predictions import build_dataset, iter_images
from mmvision_ext.apis.proposals import trace_proposals, write_proposal_pages
from mmvision_ext.apis.sources import ImageSource
from mmvision_ext.utils import InputError


@pytest.fixture(scope='module')
def mask_model(mask_rcnn):
    return load_detector(mask_rcnn.config, mask_rcnn.checkpoint, 'cpu')


@pytest.fixture(scope='module')
def sparse_model(sparse_rcnn):
    model = load_detector(sparse_rcnn.config, sparse_rcnn.checkpoint, 'cpu')
    boxes = model.rpn_head.init_proposal_bboxes.weight
    with torch.no_grad():  # a proposal that is easy to recognise
        boxes[:] = torch.tensor([0.5, 0.25, 0.5, 0.5])
    return model


@pytest.fixture
def wide(photos: list[Path]) -> np.ndarray:
    """96 x 48 pixels (width x height), enlarged to 128 x 64 by the test."""
    image = Image.open(photos[0]).resize((96, 48))
    return np.ascontiguousarray(np.asarray(image)[..., ::-1])


def _trace(model, image: np.ndarray, topk: int):
    return trace_proposals(model, array_pipeline(model.cfg), image, topk)


@pytest.mark.parametrize('name', ['mask_model', 'sparse_model'])
def test_detections_are_those_of_the_untouched_model(
    name: str, wide: np.ndarray, request, tmp_path: Path
) -> None:
    model = request.getfixturevalue(name)
    _, sample = _trace(model, wide, 5)
    path = tmp_path / 'wide.png'
    Image.fromarray(wide[..., ::-1]).save(path)
    expected = inference_detector(model, str(path)).pred_instances
    found = sample.pred_instances
    assert len(expected) == len(found) > 0
    torch.testing.assert_close(found.bboxes, expected.bboxes)
    torch.testing.assert_close(found.scores, expected.scores)


def test_rpn_proposals_are_the_best_in_pixels_of_the_image(
    mask_model, wide: np.ndarray
) -> None:
    trace, _ = _trace(mask_model, wide, 7)
    (stage,) = trace.stages
    assert stage.boxes.shape == (7, 4) and stage.scores.shape == (7,)
    assert (np.diff(stage.scores) <= 0).all() and stage.total >= 7
    assert not trace.linked
    many, _ = _trace(mask_model, wide, 10**6)
    boxes = many.stages[0].boxes
    assert len(boxes) == stage.total
    # Clipped to the image: its edges, not those of the enlarged input.
    assert boxes[:, 2].max() == pytest.approx(96, abs=1e-3)
    assert boxes[:, 3].max() == pytest.approx(48, abs=1e-3)


def test_learned_proposals_are_scaled_to_the_image(
    sparse_model, wide: np.ndarray
) -> None:
    trace, _ = _trace(sparse_model, wide, 4)
    expected = np.tile([24, 0, 72, 24], (4, 1))
    np.testing.assert_allclose(trace.stages[0].boxes, expected, atol=1e-4)
    assert trace.stages[0].scores is None and trace.linked


def test_sparse_rcnn_shows_every_stage_up_to_the_detections(
    sparse_model, wide: np.ndarray
) -> None:
    num_stages = sparse_model.roi_head.num_stages
    num_proposals = sparse_model.rpn_head.num_proposals
    trace, sample = _trace(sparse_model, wide, num_proposals)
    assert [stage.name for stage in trace.stages] == [
        'learned proposals',
        *(f'stage {number}' for number in range(1, num_stages + 1)),
    ]
    assert all(
        stage.boxes.shape == (num_proposals, 4) for stage in trace.stages
    )
    last = trace.stages[-1]
    assert (np.diff(last.scores) <= 0).all()
    found = sample.pred_instances
    for box, score in zip(found.bboxes.numpy(), found.scores, strict=True):
        distance = np.abs(last.boxes - box).max(axis=1)
        assert distance.min() < 1e-3
        assert score <= last.scores[distance.argmin()] + 1e-6
    assert float(found.scores.max()) == pytest.approx(last.scores[0])


def test_proposals_keep_their_place_through_the_stages(
    sparse_model, wide: np.ndarray
) -> None:
    """Fewer proposals are the first rows of more, in every stage."""
    few, _ = _trace(sparse_model, wide, 3)
    many, _ = _trace(sparse_model, wide, 9)
    for small, large in zip(few.stages, many.stages, strict=True):
        np.testing.assert_allclose(small.boxes, large.boxes[:3], atol=1e-4)


def test_a_score_belongs_to_the_box_of_its_stage(
    sparse_model, wide: np.ndarray
) -> None:
    """Stage 1 as the heads themselves saw it, by hooks on stages 1 and 2."""
    head = sparse_model.roi_head
    logits, rois = [], []
    hooks = [
        head.bbox_head[0].register_forward_hook(
            lambda module, inputs, output: logits.append(output[0][0])
        ),
        head.bbox_roi_extractor[1].register_forward_pre_hook(
            lambda module, inputs: rois.append(inputs[1][:, 1:])
        ),
    ]
    num_proposals = sparse_model.rpn_head.num_proposals
    trace, _ = _trace(sparse_model, wide, num_proposals)
    for hook in hooks:
        hook.remove()
    scores = logits[0].sigmoid().amax(dim=1).numpy()
    boxes = rois[0].numpy() * 96 / 128
    stage = trace.stages[1]
    for box, score in zip(stage.boxes, stage.scores, strict=True):
        distance = np.abs(boxes - box).max(axis=1)
        assert distance.min() < 1e-3
        assert score == pytest.approx(scores[distance.argmin()], abs=1e-5)


def test_models_without_proposals_are_refused(
    wide: np.ndarray, mask_model
) -> None:
    folder = Path(get_installed_path('mmdet')) / '.mim/configs'
    config = Config.fromfile(folder / '_base_/models/retinanet_r50_fpn.py')
    with DefaultScope.overwrite_default_scope('mmdet'):
        model = MODELS.build(config.model)
    with pytest.raises(InputError, match='found RetinaNet'):
        trace_proposals(model, array_pipeline(mask_model.cfg), wide, 5)


def test_no_proposals_to_show_are_refused(
    mask_model, wide: np.ndarray
) -> None:
    with pytest.raises(InputError, match='topk: .* found 0'):
        _trace(mask_model, wide, 0)


@pytest.mark.parametrize(
    ('name', 'columns'), [('mask_model', 3), ('sparse_model', 3)]
)
def test_pages_have_a_panel_per_stage(
    name: str, columns: int, request, tmp_path: Path
) -> None:
    model = request.getfixturevalue(name)
    images = iter_images(build_dataset(model.cfg), 2)
    files = write_proposal_pages(model, images, tmp_path, 5, 0.0)
    assert [path.name for path in files] == [
        'shapes_00016.png',
        'shapes_00017.png',
    ]
    width = Image.open(files[0]).width
    assert width == columns * 480 + (columns + 1) * 12


def test_own_images_have_no_ground_truth_panel(
    mask_model, photos, tmp_path: Path
) -> None:
    source = ImageSource(str(photos[0]), photos[0])
    (page,) = write_proposal_pages(mask_model, [(source, None)], tmp_path)
    assert Image.open(page).width == 2 * 480 + 3 * 12


def test_pages_replace_neither_images_nor_each_other(
    mask_model, photos, tmp_path: Path
) -> None:
    paths = [tmp_path / name / 'a.png' for name in ('one', 'two')]
    for path, photo in zip(paths, photos, strict=False):
        path.parent.mkdir()
        Image.open(photo).save(path)
    before = paths[0].read_bytes()
    images = [(ImageSource(str(path), path), None) for path in paths]
    with pytest.raises(InputError, match='Name a folder of its own'):
        write_proposal_pages(mask_model, images, paths[0].parent)
    assert paths[0].read_bytes() == before
    files = write_proposal_pages(mask_model, images, tmp_path / 'pages')
    assert [path.name for path in files] == ['a.png', 'a_2.png']
