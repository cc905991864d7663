"""RoIAlign against a brute-force float64 reference."""

import math
from types import ModuleType

import numpy as np
import pytest
import torch
from mmcv.ops import RoIAlign, roi_align
from torch import Tensor

from mmvision_ext.ops.roi_align import roi_align_backward, roi_align_forward

SCALE = 0.25
GRID = (2, 3)
SETTINGS = [
    (aligned, sampling) for aligned in (True, False) for sampling in (0, 2)
]


def sample(plane: np.ndarray, y: float, x: float) -> float:
    """Bilinear value of a plane (H, W) at a point; 0 a cell outside."""
    height, width = plane.shape
    if not (-1 <= y <= height and -1 <= x <= width):
        return 0.0
    y = min(max(y, 0), height - 1)
    x = min(max(x, 0), width - 1)
    top, left = int(y), int(x)
    bottom, right = min(top + 1, height - 1), min(left + 1, width - 1)
    dy, dx = y - top, x - left
    upper = plane[top, left] * (1 - dx) + plane[top, right] * dx
    lower = plane[bottom, left] * (1 - dx) + plane[bottom, right] * dx
    return upper * (1 - dy) + lower * dy


def reference(
    features: Tensor, rois: Tensor, aligned: bool, sampling: int
) -> Tensor:
    """Pooled features (K, C, *GRID): the mean of the samples of each bin."""
    planes = features.double().numpy()
    pooled = np.zeros((len(rois), planes.shape[1], *GRID))
    for k, (batch, *corners) in enumerate(rois.double().tolist()):
        x1, y1, x2, y2 = (
            value * SCALE - (0.5 if aligned else 0) for value in corners
        )
        least = 0.0 if aligned else 1.0
        high = max(y2 - y1, least) / GRID[0]
        wide = max(x2 - x1, least) / GRID[1]
        rows = sampling or math.ceil(high)
        columns = sampling or math.ceil(wide)
        for channel, i, j in np.ndindex(pooled.shape[1:]):
            values = [
                sample(
                    planes[int(batch), channel],
                    y1 + (i + (row + 0.5) / rows) * high,
                    x1 + (j + (column + 0.5) / columns) * wide,
                )
                for row in range(rows)
                for column in range(columns)
            ]
            pooled[k, channel, i, j] = sum(values) / max(len(values), 1)
    return torch.from_numpy(pooled)


def forward(
    features: Tensor, rois: Tensor, aligned: bool, sampling: int
) -> Tensor:
    """The stand-in, called as mmcv calls its extension."""
    output = features.new_zeros(len(rois), features.size(1), *GRID)
    none = features.new_zeros(0)
    roi_align_forward(
        features,
        rois,
        output,
        none,
        none,
        aligned_height=GRID[0],
        aligned_width=GRID[1],
        spatial_scale=SCALE,
        sampling_ratio=sampling,
        pool_mode=1,
        aligned=aligned,
    )
    return output


@pytest.fixture
def features(generator: torch.Generator) -> Tensor:
    """(2, 3, 9, 11) features, float64."""
    return torch.randn(2, 3, 9, 11, generator=generator).double()


@pytest.fixture
def rois() -> Tensor:
    """Regions of both images in pixels of a 44 x 36 px image, float64.

    One inside, one across the border, one outside, one smaller than a
    feature cell and one without extent.
    """
    return torch.tensor(
        [
            [0, 3.1, 5.3, 30.7, 29.9],
            [1, -9.3, -4.1, 20.2, 50.6],
            [1, 90.0, 90.0, 120.0, 120.0],
            [0, 10.2, 11.3, 11.1, 13.4],
            [1, 20.3, 16.7, 20.3, 16.7],
        ],
        dtype=torch.float64,
    )


@pytest.mark.parametrize(('aligned', 'sampling'), SETTINGS)
@pytest.mark.parametrize(
    ('dtype', 'tolerance'), [(torch.float64, 1e-12), (torch.float32, 1e-5)]
)
def test_equals_the_reference(
    features: Tensor,
    rois: Tensor,
    aligned: bool,
    sampling: int,
    dtype: torch.dtype,
    tolerance: float,
) -> None:
    pooled = forward(features.to(dtype), rois.to(dtype), aligned, sampling)
    assert pooled.dtype == dtype
    torch.testing.assert_close(
        pooled.double(),
        reference(features, rois, aligned, sampling),
        rtol=0,
        atol=tolerance,
    )


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
@pytest.mark.parametrize('autocast', [False, True])
def test_half_precision(
    features: Tensor, rois: Tensor, dtype: torch.dtype, autocast: bool
) -> None:
    half, regions = features.to(dtype), rois.to(dtype)
    with torch.autocast('cpu', torch.bfloat16, enabled=autocast):
        pooled = forward(half, regions, True, 0)
    assert pooled.dtype == dtype
    expected = reference(half, regions, True, 0)
    torch.testing.assert_close(pooled, expected.to(dtype))


@pytest.mark.parametrize(('aligned', 'sampling'), SETTINGS)
def test_gradients_through_mmcv(
    features: Tensor, rois: Tensor, aligned: bool, sampling: int
) -> None:
    small = features[:, :1].clone().requires_grad_()
    assert torch.autograd.gradcheck(
        lambda values: roi_align(
            values, rois, GRID, SCALE, sampling, 'avg', aligned
        ),
        (small,),
    )


def test_mmcv_layer_equals_the_reference(
    features: Tensor, rois: Tensor
) -> None:
    layer = RoIAlign(GRID, SCALE, sampling_ratio=0)
    torch.testing.assert_close(
        layer(features, rois), reference(features, rois, True, 0)
    )


def test_no_regions(features: Tensor) -> None:
    values = features.clone().requires_grad_()
    pooled = roi_align(
        values, features.new_zeros(0, 5), GRID, SCALE, 0, 'avg', True
    )
    assert pooled.shape == (0, 3, *GRID)
    pooled.sum().backward()
    assert values.grad is not None
    assert not values.grad.any()


def test_max_pooling_is_refused(features: Tensor, rois: Tensor) -> None:
    none = features.new_zeros(0)
    arguments = dict(
        aligned_height=2,
        aligned_width=3,
        spatial_scale=SCALE,
        sampling_ratio=0,
        pool_mode=0,
        aligned=True,
    )
    for function in (roi_align_forward, roi_align_backward):
        with pytest.raises(NotImplementedError, match="pool_mode='avg'"):
            function(features, rois, none, none, none, **arguments)


@pytest.mark.parametrize(('aligned', 'sampling'), SETTINGS)
def test_equals_the_compiled_operator(
    features: Tensor,
    rois: Tensor,
    compiled: ModuleType,
    aligned: bool,
    sampling: int,
) -> None:
    none = features.new_zeros(0)
    arguments = dict(
        aligned_height=GRID[0],
        aligned_width=GRID[1],
        spatial_scale=SCALE,
        sampling_ratio=sampling,
        pool_mode=1,
        aligned=aligned,
    )
    expected = features.new_zeros(len(rois), 3, *GRID)
    compiled.roi_align_forward(
        features, rois, expected, none, none, **arguments
    )
    torch.testing.assert_close(
        forward(features, rois, aligned, sampling), expected
    )
    ours, theirs = torch.zeros_like(features), torch.zeros_like(features)
    roi_align_backward(expected, rois, none, none, ours, **arguments)
    compiled.roi_align_backward(
        expected, rois, none, none, theirs, **arguments
    )
    torch.testing.assert_close(ours, theirs)
