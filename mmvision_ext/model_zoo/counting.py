"""Counts parameters and multiply-adds of any config, without weights."""

import copy
import tempfile
from pathlib import Path
from typing import Any

import torch
from mmdet.structures import DetDataSample
from mmengine.config import Config
from mmengine.registry import MODELS, DefaultScope
from torch.utils.flop_counter import FlopCounterMode

from mmvision_ext.apis.model import (
    config_faults,
    dataset_metainfo,
    load_config,
)
from mmvision_ext.apis.model_table import describe_model
from mmvision_ext.testing.tiny_words import write_random_words
from mmvision_ext.utils import InputError
from mmvision_ext.utils.config.dataset_configs import pipeline_of_test

from .costs import Cost


def count_model(path: str | Path) -> Cost:
    """Count parameters and multiply-adds of a config's model.

    Of a classifier as :func:`~mmvision_ext.apis.model_table.describe_model`
    does. A detector, with random weights, predicts one image of noise of the
    size that its test pipeline resizes to: what is counted depends on the
    number of proposals, and random weights give as many as the config allows.

    Args:
        path: A config file.

    Returns:
        The cost, without the number of parameters that train.

    Raises:
        InputError: The config cannot be read or built, or names no size.
    """
    config = load_config(path)
    with tempfile.TemporaryDirectory() as folder:
        _draw_words(config, Path(folder))
        if config.get('default_scope', 'mmpretrain') == 'mmpretrain':
            row = describe_model(config, _crop_size(config))
            size = f'{row.input_size}x{row.input_size}'
            return Cost(row.name, row.params, None, row.multiply_adds, size)
        return _count_detector(config, Path(path).stem)


def _count_detector(config: Config, name: str) -> Cost:
    """What a detector takes for an image of noise."""
    height, width = _test_size(config)
    model = _empty_detector(config)
    params = sum(parameter.numel() for parameter in model.parameters())
    sample = DetDataSample(
        metainfo=dict(
            img_shape=(height, width),
            ori_shape=(height, width),
            batch_input_shape=(height, width),
            pad_shape=(height, width),
            scale_factor=(1.0, 1.0),
        )
    )
    noise = torch.Generator().manual_seed(0)
    image = torch.randint(
        0, 256, (3, height, width), generator=noise, dtype=torch.uint8
    )
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model.test_step(dict(inputs=[image], data_samples=[sample]))
    operations = counter.get_total_flops() // 2
    return Cost(name, params, None, operations, f'{height}x{width}')


def _draw_words(config: Config, folder: Path) -> None:
    """Put random features in the place of an embedding file that is not here.

    They cost what those of an encoder do.
    """
    model: Any = config.model
    is_detector = 'vocabulary' in model
    owner = model if is_detector else model.get('head') or {}
    path = owner.get('vocabulary')
    if not path or Path(path).is_file():
        return
    if is_detector:
        dimensions = model.roi_head.bbox_head.embed_dims
    else:  # the classes are compared with what the tower gives
        _drop_pretrained(model)
        with torch.device('meta'):
            dimensions = MODELS.build(model.backbone).embed_dim
    owner['vocabulary'] = write_random_words(
        folder / 'words.safetensors',
        dataset_metainfo(config)['classes'],
        dimensions,
    )


def _empty_detector(config: Config) -> Any:
    """A detector with random weights, in evaluation mode."""
    settings = copy.deepcopy(config.model)
    _drop_pretrained(settings)
    with (
        config_faults(config, 'model'),
        DefaultScope.overwrite_default_scope(config.default_scope),
        torch.random.fork_rng([]),
    ):
        torch.manual_seed(0)
        return MODELS.build(settings).eval()


def _drop_pretrained(node: Any) -> None:
    """Leave out what would read weights from a file or the network."""
    if isinstance(node, dict):
        init = node.get('init_cfg')
        if isinstance(init, dict) and init.get('type') == 'Pretrained':
            node['init_cfg'] = None
    for value in node.values() if isinstance(node, dict) else node:
        if isinstance(value, (dict, list, tuple)):
            _drop_pretrained(value)


def _crop_size(config: Config) -> int | None:
    """Edge of object crops or square images; None leaves it to others."""
    for step in pipeline_of_test(config):
        if step['type'] == 'mmvision_ext.LoadObjectCrop':
            return int(step['size'])
        scale = step.get('scale')
        if step['type'] == 'Resize' and isinstance(scale, (list, tuple)):
            height, width = scale
            return int(height) if height == width else None
    return None


def _test_size(config: Config) -> tuple[int, int]:
    """Height and width that the test pipeline resizes a wide image to."""
    for step in pipeline_of_test(config):
        if step['type'] == 'Resize':
            width, height = step['scale']
            return int(height), int(width)
    raise InputError(
        f'{config.filename}: expected a Resize with a scale in '
        'test_dataloader.dataset.pipeline, found none.'
    )
