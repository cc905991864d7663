"""A detector whose classes are words."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from mmdet.structures import DetDataSample

from mmvision_ext.models.backbones.overview import overview
from mmvision_ext.registry import MODELS
from mmvision_ext.utils import InputError

Batch = Callable[[list[list[int]]], tuple[torch.Tensor, list[DetDataSample]]]


def total(losses: dict) -> torch.Tensor:
    """Sum of all losses of a step."""
    parts = [
        value
        for key, values in losses.items()
        if 'loss' in key
        for value in (values if isinstance(values, list) else [values])
    ]
    return torch.stack([part.sum() for part in parts]).sum()


def test_it_learns(detector: Any, make_batch: Batch) -> None:
    images, samples = make_batch([[0, 1], [2]])
    optimizer = torch.optim.Adam(detector.parameters(), 1e-3)
    values = []
    for _ in range(6):
        losses = detector.loss(images, samples)
        optimizer.zero_grad()
        total(losses).backward()
        optimizer.step()
        values.append(losses['loss_image'].item())
    assert set(losses) >= {'loss_cls', 'loss_bbox', 'loss_image'}
    assert values[-1] < values[0]
    unused = [
        name
        for name, parameter in detector.named_parameters()
        if parameter.grad is None
    ]
    assert unused == []  # as distributed training demands


def test_without_context(detector_config: Any, make_batch: Batch) -> None:
    detector_config.roi_head.context = None
    losses = MODELS.build(detector_config).loss(*make_batch([[0]]))
    assert 'loss_image' not in losses
    assert torch.isfinite(total(losses))


def test_at_first_context_changes_nothing(
    detector: Any, make_batch: Batch
) -> None:
    images, samples = make_batch([[0]])
    detector.eval()
    with torch.no_grad():
        guided = detector.predict(images, samples)[0].pred_instances
        detector.roi_head.context = None
        plain = detector.predict(images, samples)[0].pred_instances
    assert len(guided) and torch.equal(guided.scores, plain.scores)


def test_no_objects(detector: Any, make_batch: Batch) -> None:
    losses = detector.loss(*make_batch([[], []]))
    assert torch.isfinite(total(losses))
    assert losses['loss_image'] > 0


def test_words_can_be_changed_at_test_time(
    detector: Any, make_batch: Batch
) -> None:
    images, samples = make_batch([[0]])
    detector.eval()
    for words in (['harbor'], ['ship', 'harbor', 'airplane', 'storage tank']):
        detector.use_words(words)
        assert detector.dataset_meta['classes'] == tuple(words)
        with torch.no_grad():
            found = detector.predict(images, samples)[0].pred_instances
        assert set(found.labels.tolist()) <= set(range(len(words)))
        assert len(found)


def test_labels_follow_their_words(detector: Any, make_batch: Batch) -> None:
    images, samples = make_batch([[0]])
    detector.eval()
    found = {}
    for words in (('airplane', 'ship'), ('ship', 'airplane')):
        detector.use_words(words)
        with torch.no_grad():
            instances = detector.predict(images, samples)[0].pred_instances
        found[words] = {
            (words[label], round(score, 5), *map(round, box))
            for label, score, box in zip(
                instances.labels.tolist(),
                instances.scores.tolist(),
                instances.bboxes.tolist(),
                strict=True,
            )
        }
    first, second = found.values()
    assert first == second


def test_more_words_in_testing_than_in_training(
    detector: Any, make_batch: Batch
) -> None:
    detector.use_words(['airplane', 'ship'])
    losses = detector.loss(*make_batch([[0, 1]]))
    assert detector.roi_head.bbox_head.num_classes == 2
    assert torch.isfinite(total(losses))
    with pytest.raises(InputError, match='labels below 2, .* found 3'):
        detector.loss(*make_batch([[0, 3]]))


def test_labels_come_from_dataset_meta(detector: Any) -> None:
    detector.dataset_meta = dict(classes=('ship',), palette='random')
    assert detector.vocabulary.words == ('ship',)
    assert detector.dataset_meta['palette'] == 'random'
    with pytest.raises(InputError, match="none of 'shop'; did you mean"):
        detector.dataset_meta = dict(classes=('shop',))


def test_a_checkpoint_has_no_words(detector: Any) -> None:
    keys = [key for key in detector.state_dict() if 'vocabulary' in key]
    assert keys == ['vocabulary.space']


def test_distillation_joins_the_losses(
    detector_config: Any, make_batch: Batch
) -> None:
    detector_config.roi_head.distillation = dict(
        type='mmvision_ext.RegionDistillation',
        teacher=dict(
            type='mmvision_ext.CLIPResNet',
            arch=dict(
                layers=(1, 1, 1, 1),
                width=8,
                heads=4,
                embed_dim=16,
                image_size=32,
            ),
            attention_pool=True,
        ),
        regions=4,
        size=32,
    )
    detector = MODELS.build(detector_config).train()
    losses = detector.loss(*make_batch([[0], [1]]))
    losses['loss_distillation'].backward()
    learned = {
        name.split('.')[0]
        for name, parameter in detector.named_parameters()
        if parameter.grad is not None and parameter.grad.any()
    }
    assert {'backbone', 'neck', 'roi_head'} == learned
    assert all(
        parameter.grad is None
        for parameter in detector.roi_head.distillation.parameters()
    )


def test_half_precision(detector: Any, make_batch: Batch) -> None:
    with torch.autocast('cpu', torch.bfloat16):
        losses = detector.loss(*make_batch([[0, 1]]))
    total(losses).backward()
    assert torch.isfinite(total(losses))


@torch.no_grad()
def test_half_precision_in_testing(detector: Any, make_batch: Batch) -> None:
    detector.eval()
    for part in detector.roi_head.context.parameters():
        part += 0.1 * torch.randn_like(part)  # some begin at 0
    rois = torch.tensor([[0, 0, 0, 30, 30], [1, 20, 10, 60, 40.0]])
    regions, best = [], []
    for half in (False, True):
        images, samples = make_batch([[0], [1]])
        with torch.autocast('cpu', torch.bfloat16, enabled=half):
            features = detector.extract_feat(images)
            regions.append(detector.roi_head._bbox_forward(features, rois))
            results = detector.predict(images, samples)
        found = [sample.pred_instances for sample in results]
        for instances in found:
            assert torch.isfinite(instances.scores).all()
            assert torch.isfinite(instances.bboxes).all()
        best.append(torch.stack([item.scores.max() for item in found]))
    exact, near = regions
    assert near['bbox_feats'].dtype == torch.bfloat16
    # Probabilities of the same regions; 0.01 was measured.
    torch.testing.assert_close(
        near['cls_score'].softmax(1),
        exact['cls_score'].softmax(1),
        rtol=0,
        atol=0.03,
    )
    torch.testing.assert_close(
        near['bbox_pred'].float(), exact['bbox_pred'], rtol=0, atol=0.03
    )
    torch.testing.assert_close(best[1], best[0], rtol=0, atol=0.05)


@pytest.mark.parametrize('part', ['bbox_head', 'context'])
def test_words_of_another_dimension_are_refused(
    detector_config: Any, part: str
) -> None:
    detector_config.roi_head[part].embed_dims = 8
    with pytest.raises(InputError, match=f'{part}.embed_dims: .* 16, .* 8'):
        MODELS.build(detector_config)


def test_without_context_no_overview_is_made(
    detector_config: Any, make_batch: Batch
) -> None:
    detector_config.roi_head.context = None
    features = MODELS.build(detector_config).extract_feat(make_batch([[0]])[0])
    assert features.overview is None


def test_new_words_have_no_palette(detector: Any) -> None:
    detector.dataset_meta = dict(classes=('ship',), palette=[(0, 0, 0)])
    detector.use_words(['harbor', 'ship'])
    assert 'palette' not in detector.dataset_meta


@torch.no_grad()
def test_padding_is_no_part_of_the_context(
    detector: Any, make_batch: Batch
) -> None:
    images, samples = make_batch([[0], [1]])
    detector.eval()
    stages = detector.backbone(images)
    whole = overview(detector.backbone, stages)
    samples[1].set_metainfo(dict(img_shape=(32, 64)))
    seen = []
    extract = detector.extract_feat

    def extract_feat(inputs: torch.Tensor) -> Any:
        seen.append(extract(inputs).overview)
        return extract(inputs)

    detector.extract_feat = extract_feat
    detector.predict(images, samples)
    upper = stages[-1][1, :, : stages[-1].shape[2] // 2].mean((1, 2))
    torch.testing.assert_close(seen[0], torch.stack([whole[0], upper]))
    assert not torch.allclose(upper, whole[1], rtol=1e-2)
    detector.loss(images, samples)
    detector.extract_feat(images)  # nothing is left of the last batch
    torch.testing.assert_close(seen[1], seen[0])
    torch.testing.assert_close(seen[2], whole)
