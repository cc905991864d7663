"""The mean over the entries that have a label."""

import torch

from mmvision_ext.utils import InputError


def check_shapes(
    logits: torch.Tensor, targets: torch.Tensor, mask: torch.Tensor | None
) -> None:
    """Check what every loss of attributes is given.

    Args:
        logits: Shape (N, A).
        targets: Shape (N, A).
        mask: bool (N, A), or None.

    Raises:
        InputError: If shapes differ or the mask is not boolean.
    """
    if logits.ndim != 2 or targets.shape != logits.shape:
        raise InputError(
            'attribute loss: expected logits and targets of one shape (N, A), '
            f'found {tuple(logits.shape)} and {tuple(targets.shape)}. Set '
            'model.head.num_classes to the number of attributes.'
        )
    if mask is None:
        return
    if mask.shape != logits.shape or mask.dtype != torch.bool:
        raise InputError(
            'attribute loss: expected a mask bool '
            f'{tuple(logits.shape)}, True where an entry is known, found '
            f'{mask.dtype} {tuple(mask.shape)}'
        )


def labelled_mean(
    values: torch.Tensor, mask: torch.Tensor | None
) -> torch.Tensor:
    """Average over the known entries.

    Args:
        values: Loss of each entry, (N, A).
        mask: bool (N, A), False where an entry is unknown; None has all.

    Returns:
        A scalar; 0, with a gradient of 0, where nothing is known.
    """
    if mask is None:
        return values.mean()
    # where, since 0 * inf of an unknown entry would be NaN
    kept = torch.where(mask, values, values.new_zeros(()))
    return kept.sum() / mask.sum().clamp(min=1)
