"""Faults of a config that would otherwise surface deep inside a run."""

import logging
import re
from collections.abc import Mapping, Sequence
from typing import Any

from mmengine.device import (
    is_cuda_available,
    is_mlu_available,
    is_musa_available,
    is_npu_available,
)
from mmengine.logging import print_log
from mmengine.optim import AmpOptimWrapper

from mmvision_ext.utils.config.class_check import (
    class_count_faults,
    class_count_warnings,
    class_name_faults,
    vocabulary_faults,
)
from mmvision_ext.utils.config.dataset_configs import (
    dataset_classes,
    downloads_itself,
    iter_datasets,
    split_faults,
)
from mmvision_ext.utils.config.explain import place_of
from mmvision_ext.utils.config.file_check import (
    missing_annotations,
    missing_checkpoints,
    missing_data,
)
from mmvision_ext.utils.config.part_check import part_faults
from mmvision_ext.utils.config.parts import parts_of_mode
from mmvision_ext.utils.config.static_check import mode_faults, runner_faults
from mmvision_ext.utils.config.topk_check import topk_faults
from mmvision_ext.utils.errors import InputError

__all__ = [
    'amp_faults',
    'check_config',
    'check_datasets',
    'check_runner',
    'dataset_classes',
    'iter_datasets',
]

_SHOWN = 12  # faults; a wrong default_scope makes one of every type
_KEY = re.compile(r'[\w.-]+')


def check_runner(cfg: Mapping[str, Any]) -> None:
    """Check what a runner needs before it is asked to do anything.

    Keys at the top of the config, and types and arguments of model, hooks,
    visualizer and log processor.

    Args:
        cfg: The complete config of a runner.

    Raises:
        InputError: With every fault found, each naming its key, and the file
            and line that set it where they are known.
    """
    _refuse(cfg, runner_faults(cfg))


def check_config(cfg: Mapping[str, Any], modes: Sequence[str]) -> None:
    """Check a config before any data is read.

    First types, arguments and plain values of datasets, loops, metrics,
    optimizer and schedules, on which the rest depends. Then class counts of
    the model's heads against the classes of the data that they are for, class
    names and palettes, numbers of guesses, test data against the training
    data, files that do not exist, and mixed precision without a GPU. The
    heads are for the training data, or for the data of the only mode; other
    data with another number of classes gives a warning.

    Args:
        cfg: The complete config of a runner.
        modes: The data loaders that are going to be used: any of ``'train'``,
            ``'val'``, ``'test'``; the one that the heads are for first.

    Raises:
        InputError: With every fault found, each naming its key and the value
            that would be right, and the file and line that set it where they
            are known.
    """
    _refuse(cfg, mode_faults(cfg, modes))
    scope, model = cfg.get('default_scope'), cfg.get('model') or {}
    faults: list[str] = []
    data: list[list[tuple[str, Mapping[str, Any]]]] = []
    for mode in modes:
        loader = cfg.get(f'{mode}_dataloader')
        if isinstance(loader, (list, tuple)):
            faults.append(
                f'{mode}_dataloader is a list: mmengine takes one data '
                "loader; join the datasets in it by type='ConcatDataset', "
                'datasets=[...], or run once for each'
            )
        elif loader:
            key = f'{mode}_dataloader.dataset'
            data.append(list(iter_datasets(loader.get('dataset'), key)))
    for key, dataset in (member for members in data for member in members):
        faults += class_name_faults(key, dataset)
        if not downloads_itself(dataset, scope):
            faults += missing_data(key, dataset)
    faults += _split_faults(cfg, modes)
    faults += vocabulary_faults(cfg)
    if data:
        faults += class_count_faults(model, data[0], scope)
        faults += _topk_faults(cfg, modes, data[0])
    faults += missing_checkpoints(cfg, 'train' in modes)
    for mode in modes:
        faults += missing_annotations(cfg.get(f'{mode}_evaluator'), mode)
    if 'train' in modes:
        faults += amp_faults(cfg.get('optim_wrapper'))
    _refuse(cfg, faults)
    if data:
        others = [member for members in data[1:] for member in members]
        for text in class_count_warnings(model, data[0], others, scope):
            print_log(text, logger='current', level=logging.WARNING)


def check_datasets(cfg: Mapping[str, Any], modes: Sequence[str]) -> None:
    """Check types and arguments of datasets and what is inside them.

    Args:
        cfg: The config; nothing else in it needs to fit.
        modes: Any of ``'train'``, ``'val'``, ``'test'``; those without a
            data loader are left out.

    Raises:
        InputError: With every fault found, as by :func:`check_config`.
    """
    keys = tuple(f'{mode}_dataloader.dataset' for mode in modes)
    parts = (
        part
        for mode in modes
        if cfg.get(f'{mode}_dataloader')
        for part in parts_of_mode(cfg, mode)
        if part.key.startswith(keys)
    )
    _refuse(cfg, part_faults(parts))


def _refuse(cfg: Mapping[str, Any], faults: Sequence[str]) -> None:
    """Raise an error with all faults and where they come from, if any."""
    if not faults:
        return
    file = getattr(cfg, 'filename', None)
    lines = []
    for fault in faults[:_SHOWN]:
        key = _KEY.match(fault)
        place = place_of(file, key.group()) if file and key else ''
        lines.append(f'  - {fault}' + (f' [{place}]' if place else ''))
    if len(faults) > _SHOWN:
        lines.append(f'  and {len(faults) - _SHOWN} more')
    raise InputError('the config cannot work:\n' + '\n'.join(lines))


def _split_faults(cfg: Mapping[str, Any], modes: Sequence[str]) -> list[str]:
    """Find test data that do not fit the training data.

    The training data are those of the config, in a mere test as well: the
    checkpoint was trained on them.
    """
    loaders = {
        mode: loader
        for mode in ('train', *modes)
        if isinstance(loader := cfg.get(f'{mode}_dataloader'), Mapping)
    }
    members = {
        mode: list(
            iter_datasets(loader.get('dataset'), f'{mode}_dataloader.dataset')
        )
        for mode, loader in loaders.items()
    }
    trained = members.pop('train', [])
    return [
        f'{train_key} and {key}: {text}'
        for train_key, train in trained
        for others in members.values()
        for key, other in others
        for text in split_faults(train, other, cfg.get('default_scope'))
    ]


def _topk_faults(
    cfg: Mapping[str, Any],
    modes: Sequence[str],
    datasets: Sequence[tuple[str, Mapping[str, Any]]],
) -> list[str]:
    """Compare ``topk`` with the classes of the data the heads are for."""
    scope = cfg.get('default_scope')
    counts = {
        len(classes)
        for _, dataset in datasets
        if (classes := dataset_classes(dataset, scope)) is not None
    }
    if len(counts) != 1:
        return []
    evaluators = {
        key: cfg.get(key)
        for key in (f'{mode}_evaluator' for mode in modes)
        if cfg.get(key)
    }
    return topk_faults(cfg.get('model') or {}, evaluators, counts.pop(), scope)


def amp_faults(optim_wrapper: Any) -> list[str]:
    """Find mixed precision on a machine where mmengine has none.

    Its wrapper refuses CPUs and MPS whatever the dtype, bfloat16 included.

    Args:
        optim_wrapper: Config of the optimizer wrapper; others are let pass.

    Returns:
        At most one sentence.
    """
    if not isinstance(optim_wrapper, Mapping):
        return []
    if (
        optim_wrapper.get('type') not in ('AmpOptimWrapper', AmpOptimWrapper)
        or is_cuda_available()
        or is_npu_available()
        or is_mlu_available()
        or is_musa_available()
    ):
        return []
    return [
        "optim_wrapper.type is 'AmpOptimWrapper' (mixed precision, --amp): "
        "mmengine's needs a GPU (CUDA, NPU, MLU or MUSA), and none is found. "
        "Leave out --amp, or set optim_wrapper.type = 'OptimWrapper' and "
        'take loss_scale and dtype out; on CPUs with bfloat16, '
        "'mmvision_ext.MixedPrecisionOptimWrapper' without them is faster"
    ]
