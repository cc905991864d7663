"""Networks that keep the channels of a pixel side by side."""

import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmvision_ext.registry import HOOKS


@HOOKS.register_module()
class ChannelsLastHook(Hook):
    """Lay the weights of convolutions out as ``torch.channels_last``.

    A convolution whose weights lie so returns feature maps that lie so, hence
    the images may come as they are. Values, shapes and checkpoints stay the
    same. In bfloat16 it is what GPUs and CPUs with AMX want; see
    ``MixedPrecisionOptimWrapper``.
    """

    def before_run(self, runner: Runner) -> None:
        """Change the layout before the first batch of any loop.

        Args:
            runner: The runner; its ``model`` is changed in place.
        """
        runner.model.to(memory_format=torch.channels_last)
