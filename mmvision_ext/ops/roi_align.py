"""Stand-in for mmcv's compiled RoIAlign with average pooling."""

import torch

# Registers the operators torch.ops.torchvision.*.
import torchvision.ops  # noqa: F401
from torch import Tensor

AVERAGE = 1


def _compute_dtype(features: Tensor) -> torch.dtype:
    """Float32 for the half types, whose sums over a bin would be coarse."""
    return torch.promote_types(features.dtype, torch.float32)


def _check_pool_mode(pool_mode: int) -> None:
    if pool_mode != AVERAGE:
        raise NotImplementedError(
            "RoIAlign: the torchvision stand-in knows pool_mode='avg' only, "
            "found 'max'. Set pool_mode='avg' in the roi_layer of the "
            'config, or compile mmcv with `bash tools/install.sh '
            '--compile-ops`.'
        )


def roi_align_forward(
    input: Tensor,
    rois: Tensor,
    output: Tensor,
    argmax_y: Tensor,
    argmax_x: Tensor,
    aligned_height: int,
    aligned_width: int,
    spatial_scale: float,
    sampling_ratio: int,
    pool_mode: int,
    aligned: bool,
) -> None:
    """Pool each region into a fixed grid, as ``mmcv._ext``.

    Args:
        input: (B, C, H, W) features.
        rois: (K, 5) batch index and x1, y1, x2, y2 in image pixels.
        output: (K, C, aligned_height, aligned_width), written in place.
        argmax_y: Unused; for max pooling.
        argmax_x: Unused; for max pooling.
        aligned_height: Rows of the grid.
        aligned_width: Columns of the grid.
        spatial_scale: Feature cells per image pixel.
        sampling_ratio: Samples per bin and axis; 0 for as many as the bin
            has feature cells.
        pool_mode: 1 for the average; 0, the maximum, is refused.
        aligned: Whether coordinates are shifted by half a cell.

    Raises:
        NotImplementedError: If ``pool_mode`` is not the average.
    """
    _check_pool_mode(pool_mode)
    dtype = _compute_dtype(input)
    pooled = torch.ops.torchvision.roi_align(
        input.to(dtype),
        rois.to(dtype),
        spatial_scale,
        aligned_height,
        aligned_width,
        sampling_ratio,
        aligned,
    )
    output.copy_(pooled)


def roi_align_backward(
    grad_output: Tensor,
    rois: Tensor,
    argmax_y: Tensor,
    argmax_x: Tensor,
    grad_input: Tensor,
    aligned_height: int,
    aligned_width: int,
    spatial_scale: float,
    sampling_ratio: int,
    pool_mode: int,
    aligned: bool,
) -> None:
    """Gradient of :func:`roi_align_forward` in its features.

    Args:
        grad_output: (K, C, aligned_height, aligned_width) gradient.
        rois: (K, 5) batch index and x1, y1, x2, y2 in image pixels.
        argmax_y: Unused; for max pooling.
        argmax_x: Unused; for max pooling.
        grad_input: (B, C, H, W), written in place.
        aligned_height: Rows of the grid.
        aligned_width: Columns of the grid.
        spatial_scale: Feature cells per image pixel.
        sampling_ratio: Samples per bin and axis; 0 for as many as the bin
            has feature cells.
        pool_mode: 1 for the average; 0, the maximum, is refused.
        aligned: Whether coordinates are shifted by half a cell.

    Raises:
        NotImplementedError: If ``pool_mode`` is not the average.
    """
    _check_pool_mode(pool_mode)
    dtype = _compute_dtype(grad_output)
    gradient = torch.ops.torchvision._roi_align_backward(
        grad_output.to(dtype),
        rois.to(dtype),
        spatial_scale,
        aligned_height,
        aligned_width,
        *grad_input.shape,
        sampling_ratio,
        aligned,
    )
    grad_input.copy_(gradient)
