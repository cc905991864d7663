"""Mask R-CNN of MMDetection and of torchvision with the same weights."""

from dataclasses import dataclass
from typing import Any

import torch
from mmdet.registry import MODELS
from mmengine.registry import DefaultScope
from torch import Tensor, nn
from torchvision.models.detection import MaskRCNN
from torchvision.models.detection.backbone_utils import resnet_fpn_backbone
from torchvision.models.detection.rpn import AnchorGenerator

from mmvision_ext.utils.config.read import read_config

CONFIG = 'configs/mask_rcnn/mask-rcnn_r50_fpn_1xb8-24e_voc.py'
_CLASSES = 20
_SPREAD = 2.0  # standard deviation of logits, about that of trained ones
_BACKGROUND = 4.0  # lifts the background, so that most proposals are that

# Beginning of torchvision's name, and of MMDetection's.
_NAMES = {
    'backbone.body.': 'backbone.',
    'backbone.fpn.inner_blocks.': 'neck.lateral_convs.',
    'backbone.fpn.layer_blocks.': 'neck.fpn_convs.',
    'rpn.head.conv.0.0.': 'rpn_head.rpn_conv.',
    'rpn.head.cls_logits.': 'rpn_head.rpn_cls.',
    'rpn.head.bbox_pred.': 'rpn_head.rpn_reg.',
    'roi_heads.box_head.fc6.': 'roi_head.bbox_head.shared_fcs.0.',
    'roi_heads.box_head.fc7.': 'roi_head.bbox_head.shared_fcs.1.',
    'roi_heads.box_predictor.cls_score.': 'roi_head.bbox_head.fc_cls.',
    'roi_heads.box_predictor.bbox_pred.': 'roi_head.bbox_head.fc_reg.',
    'roi_heads.mask_head.': 'roi_head.mask_head.convs.',
    'roi_heads.mask_predictor.conv5_mask.': 'roi_head.mask_head.upsample.',
    'roi_heads.mask_predictor.mask_fcn_logits.': (
        'roi_head.mask_head.conv_logits.'
    ),
}
# Lists whose convolutions are wrapped on both sides.
_WRAPPED = ('lateral_convs', 'fpn_convs', 'mask_head.convs')


@dataclass(frozen=True)
class ModelSize:
    """How much both models have to do.

    Attributes:
        depth: Of the ResNet, 18 or 50.
        height: Of the image in pixels, a multiple of 32.
        width: Of the image in pixels, a multiple of 32.
        proposals: That the box head sees at most.
        detections: That the mask head sees at most.
    """

    depth: int = 50
    height: int = 608
    width: int = 800
    proposals: int = 1000
    detections: int = 100


def build_peer(size: ModelSize) -> MaskRCNN:
    """Build torchvision's model with random weights.

    Args:
        size: What it has to do.

    Returns:
        ``maskrcnn_resnet50_fpn``, or the same on ResNet-18, in evaluation
        mode; class 0 is the background.
    """
    torch.manual_seed(0)
    return MaskRCNN(
        resnet_fpn_backbone(
            backbone_name=f'resnet{size.depth}',
            weights=None,
            norm_layer=nn.BatchNorm2d,
        ),
        num_classes=1 + _CLASSES,
        min_size=size.height,
        max_size=size.width,
        rpn_pre_nms_top_n_test=size.proposals,
        rpn_post_nms_top_n_test=size.proposals,
        box_detections_per_img=size.detections,
    ).eval()


def build_ours(size: ModelSize) -> Any:
    """Build the model of the project's config, MMDetection's.

    Its regions are sampled as torchvision's are: four points a bin, and not
    shifted by half a pixel.

    Args:
        size: What it has to do.

    Returns:
        The model in evaluation mode.
    """
    config = read_config(CONFIG).model
    config.backbone.update(depth=size.depth, init_cfg=None)
    if size.depth < 50:
        config.neck.in_channels = [64, 128, 256, 512]
    for part in ('bbox_roi_extractor', 'mask_roi_extractor'):
        config.roi_head[part].roi_layer.update(sampling_ratio=2, aligned=False)
    config.test_cfg.rpn.update(
        nms_pre=size.proposals, max_per_img=size.proposals
    )
    config.test_cfg.rcnn.max_per_img = size.detections
    with DefaultScope.overwrite_default_scope('mmdet'):
        return MODELS.build(config).eval()


def share_weights(ours: Any, peer: MaskRCNN) -> None:
    """Give our model the weights and the other one the anchors.

    Args:
        ours: Gets all weights.
        peer: Gets the anchors, which torchvision rounds to whole pixels.
    """
    state: dict[str, Tensor] = {}
    for name, value in peer.state_dict().items():
        old, new = next(
            pair for pair in _NAMES.items() if name.startswith(pair[0])
        )
        found = new + name[len(old) :]
        if any(part in found for part in _WRAPPED):
            found = found.replace('.0.weight', '.conv.weight')
            found = found.replace('.0.bias', '.conv.bias')
        state[found] = _without_background(found, value)
    ours.load_state_dict(state)
    generator: Any = peer.rpn.anchor_generator
    assert isinstance(generator, AnchorGenerator)
    generator.cell_anchors = list(ours.rpn_head.prior_generator.base_anchors)


def _without_background(name: str, value: Tensor) -> Tensor:
    """Move the background from the first place, last or away."""
    if 'fc_cls' in name:
        return torch.cat([value[1:], value[:1]])
    if 'fc_reg' in name:
        return value[4:]
    return value[1:] if 'conv_logits' in name else value


@torch.no_grad()
def spread_scores(peer: MaskRCNN, image: Tensor) -> None:
    """Scale layers with random weights, so that their scores differ.

    Untrained, all proposals have nearly one score, and no class reaches the
    threshold. After it some do, and the background most often wins.

    Args:
        peer: torchvision's model; changed.
        image: RGB from 0 to 1, shape (3, H, W).
    """
    scores = peer.roi_heads.box_predictor.cls_score
    for layer in (peer.rpn.head.cls_logits, scores):
        seen: list[Tensor] = []
        handle = layer.register_forward_hook(
            lambda module, inputs, output, seen=seen: seen.append(
                output.movedim(1, 0).flatten(1)
            )
        )
        peer([image])
        handle.remove()
        logits = torch.cat(seen, dim=1)
        scale = _SPREAD / logits.std(dim=1)
        layer.weight.mul_(scale.view(-1, *[1] * (layer.weight.dim() - 1)))
        layer.bias.copy_(scale * (layer.bias - logits.mean(dim=1)))
    scores.bias[0] += _BACKGROUND


def make_image(size: ModelSize) -> Tensor:
    """Make a picture of soft patches of colour.

    Args:
        size: Its height and width.

    Returns:
        RGB, uint8, shape (3, H, W); always the same.
    """
    generator = torch.Generator().manual_seed(0)
    coarse = torch.rand(
        1, 3, size.height // 16, size.width // 16, generator=generator
    )
    fine = nn.functional.interpolate(
        coarse, size=(size.height, size.width), mode='bicubic'
    )
    return fine[0].clamp(0, 1).mul(255).to(torch.uint8)
