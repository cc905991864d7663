"""Images as a classifier takes them in testing."""

from typing import Any

import numpy as np
from mmcv.transforms import Compose
from mmengine.config import Config
from mmengine.registry import TRANSFORMS, DefaultScope

from mmvision_ext.datasets.transforms import LoadObjectCrop
from mmvision_ext.utils.config.dataset_configs import (
    loads_from_files,
    pipeline_of_test,
)

from .attribute_model import GivenImageCrop
from .model import config_faults
from .source_loop import pipeline_faults
from .sources import ImageSource


class ClassifierInput:
    """Sends images through the test pipeline of a config.

    Args:
        config: A classification config with a ``test_dataloader``.

    Attributes:
        loads: Whether the first step of the pipeline reads a file, as BGR;
            otherwise it takes RGB pixels, as mmpretrain's datasets in memory
            give them.

    Raises:
        InputError: The config has no test pipeline, or it cannot be built.
    """

    def __init__(self, config: Config) -> None:
        settings = pipeline_of_test(config)
        with (
            DefaultScope.overwrite_default_scope(
                config.get('default_scope', 'mmpretrain')
            ),
            config_faults(config, 'test_dataloader'),
        ):
            self._steps = [TRANSFORMS.build(step) for step in settings]
        if isinstance(self._steps[0], LoadObjectCrop):
            options = {k: v for k, v in settings[0].items() if k != 'type'}
            self._steps[0] = GivenImageCrop(**options)
        self.loads = loads_from_files(config)

    def prepare(self, source: ImageSource) -> dict[str, Any]:
        """Send an image through the test pipeline.

        Args:
            source: The image; a model of objects takes it as one object.

        Returns:
            ``inputs``, shape (C, H, W), not normalised yet, and
            ``data_samples``.

        Raises:
            InputError: The image cannot be read.
        """
        steps = self._steps
        crops = isinstance(steps[0], LoadObjectCrop)
        if self.loads and not crops and source.path is not None:
            entry: dict[str, Any] = dict(img_path=str(source.path))
        else:
            pixels = source.read()
            if not self.loads:  # datasets in memory are RGB
                pixels = np.ascontiguousarray(pixels[..., ::-1])
            elif not crops:
                steps = steps[1:]
            height, width = pixels.shape[:2]
            entry = dict(
                img=pixels,
                img_path=source.name,
                img_shape=(height, width),
                ori_shape=(height, width),
            )
            if crops:
                entry['bbox'] = (0, 0, width, height)
        with pipeline_faults(source.name):
            return Compose(steps)(entry)
