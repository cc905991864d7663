"""He's initialisation of grouped convolutions."""

import math

from torch import nn


def init_convolutions(module: nn.Module) -> None:
    """Draw the weights of every convolution from N(0, 2 / fan-out).

    Fan-out is the number of outputs that one input value of the layer
    reaches: kernel area times output channels **of one group**.
    ``torch.nn.init`` does not divide by the groups, which makes a depthwise
    convolution of C channels sqrt(C) times too weak. Biases become 0.

    See He et al. 2015, https://arxiv.org/abs/1502.01852.

    Args:
        module: Its convolutions, at any depth, are initialised.
    """
    for layer in module.modules():
        if not isinstance(layer, nn.Conv2d):
            continue
        area = math.prod(layer.kernel_size)
        fan_out = area * layer.out_channels // layer.groups
        nn.init.normal_(layer.weight, std=math.sqrt(2 / fan_out))
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
