"""Stand-in for mmcv's compiled sigmoid focal loss (Lin et al. 2017)."""

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid


def _is_target(logits: Tensor, target: Tensor) -> Tensor:
    """Which logit belongs to its row's class: (N, C) bool."""
    classes = torch.arange(logits.size(1), device=logits.device)
    return target[:, None] == classes


def _row_weight(weight: Tensor, target: Tensor) -> Tensor:
    """Weight of each row's class: (N, 1); background rows weigh 1."""
    padded = torch.cat((weight, weight.new_ones(1)))
    foreground = (target >= 0) & (target < weight.numel())
    return padded[target.where(foreground, weight.numel())][:, None]


def sigmoid_focal_loss_forward(
    input: Tensor,
    target: Tensor,
    weight: Tensor,
    output: Tensor,
    gamma: float,
    alpha: float,
) -> None:
    """Focal loss of each logit, as ``mmcv._ext``.

    Args:
        input: (N, C) logits.
        target: (N,) int64 class indices; C, or any other index out of
            range, is background and makes all C logits negatives.
        weight: (C,) weight of the rows of each class, or (0,) for none.
        output: (N, C) losses, written in place.
        gamma: Exponent of the modulating factor.
        alpha: Weight of the positive logits; negatives get 1 - alpha.
    """
    logits = input.to(torch.promote_types(input.dtype, torch.float32))
    log_p, log_q = logsigmoid(logits), logsigmoid(-logits)
    positive = -alpha * log_q.exp().pow(gamma) * log_p
    negative = -(1 - alpha) * log_p.exp().pow(gamma) * log_q
    loss = torch.where(_is_target(logits, target), positive, negative)
    if weight.numel():
        loss = loss * _row_weight(weight, target)
    output.copy_(loss)


def sigmoid_focal_loss_backward(
    input: Tensor,
    target: Tensor,
    weight: Tensor,
    grad_input: Tensor,
    gamma: float,
    alpha: float,
) -> None:
    """Derivative of each loss of the forward pass in its own logit.

    The closed form has no power of ``gamma - 1`` and stays finite for
    every logit.

    Args:
        input: (N, C) logits.
        target: (N,) int64 class indices; any index out of range is
            background.
        weight: (C,) weight of the rows of each class, or (0,) for none.
        grad_input: (N, C) derivatives, written in place.
        gamma: Exponent of the modulating factor.
        alpha: Weight of the positive logits; negatives get 1 - alpha.
    """
    logits = input.to(torch.promote_types(input.dtype, torch.float32))
    log_p, log_q = logsigmoid(logits), logsigmoid(-logits)
    p, q = log_p.exp(), log_q.exp()
    positive = -alpha * q.pow(gamma) * (q - gamma * p * log_p)
    negative = (1 - alpha) * p.pow(gamma) * (p - gamma * q * log_q)
    gradient = torch.where(_is_target(logits, target), positive, negative)
    if weight.numel():
        gradient = gradient * _row_weight(weight, target)
    grad_input.copy_(gradient)
