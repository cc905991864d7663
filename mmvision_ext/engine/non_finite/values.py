"""Values of any kind of tensor, as far as they can go wrong."""

import torch


def fallible_values(tensor: torch.Tensor) -> torch.Tensor | None:
    """Values of a tensor that may be NaN or infinite.

    Args:
        tensor: Of any shape, type and layout: dense, sparse, nested,
            quantized.

    Returns:
        The values that it stores, which ``isfinite`` and ``isnan`` take, of
        any shape; None for integers and for types that have neither NaN nor
        infinity.
    """
    if tensor.layout == torch.sparse_coo:
        tensor = tensor.coalesce()
    if tensor.is_mkldnn:
        tensor = tensor.to_dense()
    elif tensor.is_nested or tensor.layout != torch.strided:
        tensor = tensor.values()
    if tensor.is_quantized or not (
        tensor.is_floating_point() or tensor.is_complex()
    ):
        return None
    if tensor.dtype.itemsize > 1:
        return tensor
    # PyTorch judges no float8 of the kind e4m3; float4 has finite values only.
    return None if 'float4' in str(tensor.dtype) else tensor.float()


def is_finite(tensor: torch.Tensor) -> torch.Tensor:
    """Whether all values of a tensor are finite.

    Args:
        tensor: As of :func:`fallible_values`.

    Returns:
        A bool scalar on the tensor's device.
    """
    values = fallible_values(tensor)
    if values is None:
        return torch.ones((), dtype=torch.bool, device=tensor.device)
    return torch.isfinite(values).all()
