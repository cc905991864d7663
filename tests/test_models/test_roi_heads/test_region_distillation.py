"""Distillation of crops."""

from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

from mmvision_ext.models.roi_heads.region_distillation import (
    RegionDistillation,
)
from mmvision_ext.registry import MODELS


@MODELS.register_module(force=True)
class MeanColour(nn.Module):
    """A tower that sees colours; BatchNorm tells its mode."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(3)
        self.calls = 0

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, ...]:
        self.calls += 1
        return (self.norm(images).mean((2, 3)),)


def distillation(regions: int = 2) -> RegionDistillation:
    return RegionDistillation(dict(type='MeanColour'), regions=regions, size=4)


def test_the_loss_is_the_mean_distance_to_the_crops() -> None:
    images = torch.zeros(2, 3, 16, 16)
    images[0, 0, :, :8], images[0, 1, :, 8:] = 1, 2  # left red, right green
    images[1, 2] = 3
    rois = torch.tensor(
        [[0, 0, 0, 7, 16], [0, 9, 0, 16, 16], [1, 4, 4, 12, 12]]
    ).float()
    wanted = torch.eye(3)  # red, green, blue
    module = distillation()
    assert module(images, rois, wanted).item() < 1e-5
    embedded = F.normalize(torch.tensor([[1.0, 1, 0], [0, 1, 0], [0, 0, 1]]))
    expected = (embedded - wanted).abs().mean()
    torch.testing.assert_close(module(images, rois, embedded), expected)


def test_only_the_detector_learns() -> None:
    module = distillation().train()
    assert not module.teacher.training
    assert not any(p.requires_grad for p in module.parameters())
    embedded = torch.randn(1, 3, requires_grad=True)
    rois = torch.tensor([[0.0, 0, 0, 8, 8]])
    module(torch.randn(1, 3, 16, 16), rois, embedded).backward()
    assert embedded.grad is not None


def test_each_image_gives_some_regions() -> None:
    images = torch.tensor([0] * 50 + [1] * 1 + [3] * 9)
    chosen = distillation(regions=4).choose(images)
    counts = torch.bincount(images[chosen], minlength=4)
    assert counts.tolist() == [4, 1, 0, 4]
    assert len(chosen.unique()) == len(chosen)


def test_no_regions() -> None:
    module = distillation()
    assert len(module.choose(torch.zeros(0, dtype=torch.int64))) == 0
    loss = module(
        torch.randn(1, 3, 8, 8), torch.zeros(0, 5), torch.zeros(0, 3)
    )
    assert loss == 0


def test_the_tower_has_the_weights_of_its_file(tmp_path: Path) -> None:
    arch = dict(
        layers=(1, 1, 1, 1), width=8, heads=4, embed_dim=16, image_size=32
    )
    tower = dict(type='mmvision_ext.CLIPResNet', arch=arch)
    state = MODELS.build(dict(tower)).state_dict()
    state = {f'visual.{name}': value + 1 for name, value in state.items()}
    torch.save(state, tmp_path / 'clip.pth')
    init_cfg = dict(type='Pretrained', checkpoint=str(tmp_path / 'clip.pth'))
    module = RegionDistillation(dict(tower, init_cfg=init_cfg))
    module.init_weights()
    for name, value in module.teacher.state_dict().items():
        assert torch.equal(value, state[f'visual.{name}']), name
