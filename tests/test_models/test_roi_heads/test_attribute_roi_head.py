"""AttributeRoIHead in tiny Faster and Mask R-CNNs."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from mmdet.structures.bbox import bbox2roi
from mmdet.testing import demo_mm_inputs
from mmdet.utils import register_all_modules
from mmengine.config import Config
from mmengine.registry import MODELS, init_default_scope
from mmengine.structures import InstanceData
from torch.nn import functional as F

from mmvision_ext.utils import InputError

CLASSES, ATTRIBUTES = 3, 5
WIDTH = 16  # channels of the pyramid


@pytest.fixture
def build() -> Callable[..., Any]:
    """Build a tiny detector with attributes."""
    register_all_modules(init_default_scope=False)

    def make(kind: str = 'faster', **attribute_head: Any) -> Any:
        base = f'mmdet::_base_/models/{kind}-rcnn_r50_fpn.py'
        cfg = Config.fromstring(f"_base_ = '{base}'", '.py').model
        init_default_scope('mmdet')
        cfg.backbone.update(
            depth=18,
            base_channels=8,
            stem_channels=8,
            frozen_stages=-1,
            norm_eval=False,
            init_cfg=None,
        )
        cfg.neck.update(in_channels=[8, 16, 32, 64], out_channels=WIDTH)
        cfg.rpn_head.update(in_channels=WIDTH, feat_channels=WIDTH)
        head = cfg.roi_head
        head.type = 'mmvision_ext.AttributeRoIHead'
        head.bbox_roi_extractor.update(out_channels=WIDTH)
        head.bbox_roi_extractor.roi_layer.sampling_ratio = 1
        head.bbox_head.update(
            in_channels=WIDTH, fc_out_channels=32, num_classes=CLASSES
        )
        head.attribute_head = dict(
            num_classes=ATTRIBUTES, in_channels=WIDTH, hidden_channels=32
        ) | dict(attribute_head)
        if kind == 'mask':
            head.mask_roi_extractor.update(out_channels=WIDTH)
            head.mask_head.update(
                num_convs=1,
                in_channels=WIDTH,
                conv_out_channels=WIDTH,
                num_classes=CLASSES,
            )
        cfg.train_cfg.rpn_proposal.update(nms_pre=50, max_per_img=30)
        cfg.train_cfg.rcnn.sampler.num = 32
        cfg.test_cfg.rpn.update(nms_pre=50, max_per_img=20)
        cfg.test_cfg.rcnn.score_thr = 0.0
        torch.manual_seed(0)
        model = MODELS.build(cfg)
        model.init_weights()
        return model

    return make


def make_batch(items: tuple[int, ...] = (2, 3), mask: bool = False) -> Any:
    """Random images whose objects have random attributes."""
    batch = demo_mm_inputs(
        len(items),
        [[3, 96, 128]] * len(items),
        num_classes=CLASSES,
        num_items=list(items),
        with_mask=mask,
    )
    generator = torch.Generator().manual_seed(0)
    for count, sample in zip(items, batch['data_samples'], strict=True):
        shape = count, ATTRIBUTES
        drawn = torch.rand(shape, generator=generator)
        sample.gt_instances.attributes = (drawn > 0.5).float()
        sample.gt_instances.attribute_mask = torch.ones(shape).bool()
    return batch


def losses_of(model: Any, batch: Any) -> dict[str, torch.Tensor]:
    """Losses of a training step."""
    torch.manual_seed(1)  # sampling of regions, dropout
    data = model.data_preprocessor(batch, training=True)
    return model(**data, mode='loss')


@pytest.mark.parametrize('kind', ['faster', 'mask'])
def test_training_lowers_the_losses(kind: str, build: Any) -> None:
    model = build(kind, dropout=0.0).train()
    batch = make_batch(mask=kind == 'mask')
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
    history = []
    for step in range(16):
        losses = losses_of(model, batch)
        assert ('loss_mask' in losses) == (kind == 'mask')
        total, values = model.parse_losses(losses)
        optimizer.zero_grad()
        total.backward()
        if not step:
            without = [
                name
                for name, parameter in model.named_parameters()
                if parameter.grad is None
            ]
            assert not without
        torch.nn.utils.clip_grad_norm_(model.parameters(), 10)
        optimizer.step()
        history.append((total.item(), values['loss_attribute'].item()))
    first, last = history[0], history[-1]
    assert last[0] < 0.8 * first[0]
    assert last[1] < 0.8 * first[1]


def test_positives_have_the_attributes_of_their_object(build: Any) -> None:
    head = build(dropout=0.0).roi_head
    torch.manual_seed(0)
    feats = torch.randn(5, WIDTH, 7, 7)  # 2 + 1 and 1 + 1 of two images
    sampled = [
        SimpleNamespace(
            pos_inds=torch.zeros(positive),
            neg_inds=torch.zeros(1),
            pos_assigned_gt_inds=torch.tensor(objects),
        )
        for positive, objects in ((2, [1, 0]), (1, [2]))
    ]
    truth = [
        InstanceData(
            attributes=(torch.rand(3, ATTRIBUTES) > 0.5).float(),
            attribute_mask=torch.rand(3, ATTRIBUTES) > 0.3,
        )
        for _ in range(2)
    ]
    found = head.attribute_loss(feats, sampled, truth)
    total, known = 0.0, 0
    for row, image, item in ((0, 0, 1), (1, 0, 0), (3, 1, 2)):
        mask = truth[image].attribute_mask[item]
        pooled = feats[row].flatten(1).mean(1)
        logits = head.attribute_head.classifier(pooled)
        total += F.binary_cross_entropy_with_logits(
            logits[mask], truth[image].attributes[item][mask], reduction='sum'
        ).item()
        known += int(mask.sum())
    assert found['loss_attribute'].item() == pytest.approx(total / known)


def gradients(model: Any, batch: Any) -> list[torch.Tensor]:
    """Gradients of the loss of the attributes."""
    model.zero_grad()
    losses_of(model, batch)['loss_attribute'].backward()
    return [
        parameter.grad.clone()
        for parameter in model.parameters()
        if parameter.grad is not None
    ]


def test_unknown_entries_give_no_gradient(build: Any) -> None:
    model = build().train()
    batch = make_batch()
    for sample in batch['data_samples']:
        sample.gt_instances.attribute_mask[:, 2] = False
    before = gradients(model, batch)
    last = model.roi_head.attribute_head.last_layer.weight.grad
    assert (last[2] == 0).all() and (last[[0, 1, 3, 4]] != 0).any(1).all()
    for sample in batch['data_samples']:
        sample.gt_instances.attributes[:, 2] = torch.nan
    after = gradients(model, batch)
    assert all(map(torch.equal, before, after))
    for sample in batch['data_samples']:
        sample.gt_instances.attribute_mask[:] = False
    assert all((found == 0).all() for found in gradients(model, batch))
    assert losses_of(model, batch)['loss_attribute'] == 0


def test_images_without_objects(build: Any) -> None:
    model = build().train()
    losses = losses_of(model, make_batch((0, 0)))
    assert losses['loss_attribute'] == 0
    total, _ = model.parse_losses(losses)
    assert torch.isfinite(total)
    total.backward()
    weight = model.roi_head.attribute_head.last_layer.weight
    assert (weight.grad == 0).all()
    assert losses_of(model, make_batch((0, 2)))['loss_attribute'] > 0


@torch.no_grad()
def predict(model: Any, batch: Any) -> list[InstanceData]:
    """Predictions of a batch."""
    data = model.eval().data_preprocessor(batch, training=False)
    samples = model(**data, mode='predict')
    return [sample.pred_instances.clone() for sample in samples]


@pytest.mark.parametrize('kind', ['faster', 'mask'])
def test_shapes_of_predictions(kind: str, build: Any) -> None:
    model = build(kind)
    batch = make_batch(mask=kind == 'mask')
    for found in predict(model, batch):
        assert len(found) > 1
        assert found.attribute_scores.shape == (len(found), ATTRIBUTES)
        assert (found.attribute_scores > 0).all()
        assert (found.attribute_scores < 1).all()
        assert ('masks' in found) == (kind == 'mask')
    model.roi_head.test_cfg.score_thr = 1.0
    for found in predict(model, batch):
        assert found.bboxes.shape == (0, 4)
        assert found.attribute_scores.shape == (0, ATTRIBUTES)


@pytest.mark.parametrize('kind', ['faster', 'mask'])
def test_scores_are_read_off_the_boxes(kind: str, build: Any) -> None:
    model = build(kind)
    batch = make_batch((1, 1))
    for sample in batch['data_samples']:
        sample.set_metainfo(dict(scale_factor=(2.0, 1.5), ori_shape=(64, 64)))
    results = predict(model, batch)
    data = model.data_preprocessor(batch, training=False)
    feats = model.extract_feat(data['inputs'])
    head = model.roi_head
    for index, found in enumerate(results):
        assert found.bboxes[:, 2].max() <= 65
        boxes = found.bboxes * found.bboxes.new_tensor([2, 1.5, 2, 1.5])
        for row, box in enumerate(boxes):  # each by itself
            region = head.bbox_roi_extractor(
                [level[index : index + 1] for level in feats][:4],
                bbox2roi([box[None]]),
            )
            scores = head.attribute_head((region,))[0].sigmoid()
            torch.testing.assert_close(
                found.attribute_scores[row], scores, atol=1e-4, rtol=0
            )


def test_labels_do_not_reach_predictions(build: Any) -> None:
    model = build()
    batch = make_batch()
    before = predict(model, batch)
    for sample in batch['data_samples']:
        truth = sample.gt_instances
        truth.attributes = 1 - truth.attributes
        truth.attribute_mask = ~truth.attribute_mask
    for found, other in zip(predict(model, batch), before, strict=True):
        for key in ('attribute_scores', 'bboxes', 'scores', 'labels'):
            assert torch.equal(found[key], other[key])


def test_forward_has_the_logits(build: Any) -> None:
    model = build().eval()
    data = model.data_preprocessor(make_batch(), training=False)
    with torch.no_grad():
        outputs = model(**data, mode='tensor')[-1]
    assert [part.shape[1] for part in outputs] == [
        CLASSES + 1,
        CLASSES * 4,
        ATTRIBUTES,
    ]
    assert len({len(part) for part in outputs}) == 1


def test_prior_bias_needs_counts(build: Any) -> None:
    model = build(prior_bias=True).train()
    batch = make_batch()
    with pytest.raises(
        InputError,
        match='attribute_head.prior_bias=True: .*AttributeStatisticsHook',
    ):
        losses_of(model, batch)
    head = model.roi_head.attribute_head
    head.set_counts(torch.full((5,), 10), torch.full((5,), 90))
    assert head.last_layer.bias.sigmoid().tolist() == pytest.approx(
        [10.5 / 101] * 5
    )
    assert losses_of(model, batch)['loss_attribute'] > 0


def test_what_does_not_fit_is_named(build: Any) -> None:
    batch = make_batch()
    with pytest.raises(InputError, match='num_classes: .* 5, found 4'):
        losses_of(build(num_classes=4), batch)
    with pytest.raises(InputError, match=r'\(R, 8, h, w\).*out_channels of'):
        losses_of(build(in_channels=8), batch)
    for sample in batch['data_samples']:
        del sample.gt_instances.attribute_mask
    with pytest.raises(InputError, match='gt_instances.attribute_mask.*Pack'):
        losses_of(build(), batch)
