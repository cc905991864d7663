"""AlexNet's convolutions with weights from a file."""

import copy
from collections.abc import Mapping
from typing import Any

from mmpretrain.models.backbones import AlexNet

from mmvision_ext.registry import MODELS


@MODELS.register_module()
class AlexNetFeatures(AlexNet):
    """The five convolutions of AlexNet.

    mmpretrain's own class takes no ``init_cfg``. The layers have torchvision's
    names: ``init_cfg=dict(type='Pretrained',
    checkpoint='torchvision://alexnet')`` fills them all. The images need at
    least 63 px a side.

    Args:
        init_cfg: Initialisation; None keeps PyTorch's.
    """

    def __init__(self, init_cfg: Mapping[str, Any] | None = None) -> None:
        super().__init__()
        self.init_cfg = copy.deepcopy(init_cfg)
