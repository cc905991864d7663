"""One classifier, trained the stock way and by batches of tensors."""

import math
from pathlib import Path
from typing import Any, Literal

from mmengine.config import Config

from mmvision_ext.utils import InputError
from mmvision_ext.utils.config.check import dataset_classes
from mmvision_ext.utils.config.read import read_config

Way = Literal['stock', 'ours']
Precision = Literal['float32', 'mixed']

_DATA = dict(stock='cifar100_stock.py', ours='cifar100.py')
# Without checkpoints, which both ways write alike.
_HOOKS = ('runtime_info', 'timer', 'logger', 'param_scheduler', 'sampler_seed')


def speed_config(
    path: str | Path,
    way: Way,
    precision: Precision,
    iterations: int,
    batch_size: int,
    compile_mode: str | None = None,
    workers: int | None = None,
) -> Config:
    """A config that sets a training up and trains no epoch of it.

    Model, optimizer and schedule are those of the file; images, and how they
    are augmented (crop and flip), those of the CIFAR-100 base configs, so
    that both ways see the same. Validation, checkpoints and custom hooks are
    left out.

    Args:
        path: A leaf under ``configs/cifar100``.
        way: ``'stock'``: image by image through mmpretrain's pipeline and
            classifier, every loss read. ``'ours'``: what the file says.
        precision: ``'float32'``, or ``'mixed'`` where the hardware has it.
        iterations: Iterations of an epoch; fewer images are read for that.
        batch_size: Images a batch.
        compile_mode: Mode of :func:`torch.compile`; None does not compile.
        workers: Worker processes of the stock way; None takes the base
            config's number.

    Returns:
        The config; ``work_dir`` is still to be set.

    Raises:
        InputError: If the file or the base of its data is missing, or the
            stock way is to do what it cannot.
    """
    if way == 'stock' and (precision != 'float32' or compile_mode):
        raise InputError(
            'stock way: expected float32 without torch.compile, as '
            f'mmpretrain has it, found {precision} and {compile_mode}'
        )
    config = read_config(path)
    base = Path(path).absolute().parent.parent / '_base_'
    data = read_config(base / 'datasets' / _DATA[way])
    for key in ('data_preprocessor', 'train_dataloader'):
        config[key] = data[key]
    for mode in ('val', 'test'):
        for key in ('dataloader', 'evaluator', 'cfg'):
            config[f'{mode}_{key}'] = None
    config.custom_hooks = []
    config.default_hooks = {
        name: config.default_hooks[name] for name in _HOOKS
    }
    config.visualizer = dict(
        type='Visualizer', vis_backends=[dict(type='LocalVisBackend')]
    )
    config.log_level = 'ERROR'
    config.launcher = 'none'
    config.train_cfg.update(max_epochs=0)
    _size_epoch(config, iterations, batch_size)
    if way == 'stock':
        _make_stock(config, workers)
    else:
        config.optim_wrapper.enabled = precision == 'mixed'
        if compile_mode:
            config.model.compile = dict(mode=compile_mode)
    return config


def _size_epoch(config: Config, iterations: int, batch_size: int) -> None:
    """Read as many images as an epoch needs."""
    loader = config.train_dataloader
    classes = dataset_classes(loader.dataset, config.default_scope) or ()
    if not classes:
        raise InputError(
            'train_dataloader.dataset: expected a data set whose classes are '
            'known before it is read, such as mmvision_ext.CIFAR100, found '
            f'{loader.dataset.type}'
        )
    loader.batch_size = batch_size
    loader.dataset.images_per_class = math.ceil(
        iterations * batch_size / len(classes)
    )


def _make_stock(config: Config, workers: int | None) -> None:
    """Log, optimizer wrapper, classifier and preprocessor of the hosts."""
    preprocessor: Any = config.data_preprocessor
    config.data_preprocessor = dict(
        type='ClsDataPreprocessor',
        mean=preprocessor.mean,
        std=preprocessor.std,
        to_rgb=False,  # the reader gives RGB
    )
    config.model.type = 'ImageClassifier'
    config.default_hooks['runtime_info'] = dict(type='RuntimeInfoHook')
    config.optim_wrapper.type = 'OptimWrapper'
    config.optim_wrapper.optimizer.pop('fused', None)
    if workers is not None:
        config.train_dataloader.num_workers = workers
        config.train_dataloader.persistent_workers = workers > 0
