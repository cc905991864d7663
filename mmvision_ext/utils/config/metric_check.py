"""Metrics of a config against its data, and names that hooks wait for."""

import inspect
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mmengine.evaluator import BaseMetric
from mmengine.registry import DATASETS, METRICS, MODELS

from mmvision_ext.utils.config.dataset_configs import iter_datasets
from mmvision_ext.utils.nearest import nearest

from .type_lookup import find_type
from .walk import iter_hooks, iter_metrics

#: Classes from which the samples of the two hosts come: a metric of one
#: cannot read those of the other.
_FAMILIES = {
    'mmdet': 'BaseDetDataset',
    'mmpretrain': 'BaseDataset',
}
_COCO = ('mAP', 'mAP_50', 'mAP_75', 'mAP_s', 'mAP_m', 'mAP_l')
_LOOPS = (None, 'ValLoop')
_HOOKS = ('CheckpointHook', 'mmvision_ext.SafeCheckpointHook')


def metrics_of(
    cfg: Mapping[str, Any], mode: str
) -> Iterator[tuple[str, Mapping[str, Any], Any]]:
    """Walk the metrics of an evaluator.

    Args:
        cfg: The complete config.
        mode: ``'val'`` or ``'test'``.

    Yields:
        Key path, config and class of each metric whose class is known.
    """
    name = f'{mode}_evaluator'
    for key, metric in iter_metrics(cfg.get(name), name):
        scope = metric.get('_scope_') or cfg.get('default_scope')
        kind = find_type(metric.get('type'), METRICS, scope)
        if inspect.isclass(kind):
            yield key, metric, kind


def family_faults(cfg: Mapping[str, Any], mode: str) -> list[str]:
    """Find metrics that cannot read the samples of the data.

    Args:
        cfg: The complete config.
        mode: ``'val'`` or ``'test'``.

    Returns:
        One sentence a metric of one host on model and data of the other.
    """
    loader = cfg.get(f'{mode}_dataloader')
    if not isinstance(loader, Mapping):
        return []
    scope = cfg.get('default_scope')
    model = cfg.get('model')
    if isinstance(model, Mapping):
        model = model.get('type')
    model = find_type(model, MODELS, scope)
    hosts = {
        (key, dataset.get('type'), host)
        for key, dataset in iter_datasets(
            loader.get('dataset'), f'{mode}_dataloader.dataset'
        )
        for host in _hosts(dataset, dataset.get('_scope_') or scope)
        if host == _package(model)
    }
    return [
        f'{metric_key}.type: {kind.__name__} measures samples of '
        f'{package}, but {key} is {name}, of {host}'
        for metric_key, _, kind in metrics_of(cfg, mode)
        for key, name, host in sorted(hosts, key=str)
        if (package := _package(kind)) in _FAMILIES
        and package != host
        and not kind.__name__.startswith('Dump')  # they measure nothing
    ]


def monitor_faults(cfg: Mapping[str, Any]) -> list[str]:
    """Find values that hooks wait for and no metric gives.

    mmengine looks for them after the first validation. A metric without a
    prefix or with an ``evaluate`` of its own, another evaluator and another
    loop may give any name.

    Args:
        cfg: The complete config.

    Returns:
        One sentence for each ``save_best`` or ``monitor``.
    """
    loop, evaluator = cfg.get('val_cfg'), cfg.get('val_evaluator')
    if not isinstance(loop, Mapping) or loop.get('type') not in _LOOPS:
        return []
    if isinstance(evaluator, Mapping) and 'metrics' in evaluator:
        if evaluator.get('type') not in (None, 'Evaluator'):
            return []
        evaluator = evaluator['metrics']
    known: dict[str, Sequence[str] | None] = {}
    found = [*metrics_of(cfg, 'val')]
    if len(found) != (len(evaluator) if isinstance(evaluator, list) else 1):
        return []
    for _, metric, kind in found:
        prefix = metric.get('prefix') or getattr(kind, 'default_prefix', None)
        evaluate = getattr(kind, 'evaluate', None)
        if not prefix or evaluate is not BaseMetric.evaluate:
            return []
        names = _names(metric, kind)
        if prefix in known or names is None:
            known[prefix] = None
        else:
            known[prefix] = names
    if not known:
        return []
    return [
        f'{key}: no metric of val_evaluator gives {value!r}{likely}'
        for key, value in _watched(cfg)
        if (likely := _unknown(value, known))
    ]


def _unknown(
    value: str, known: Mapping[str, Sequence[str] | None]
) -> str | None:
    """What was meant by a name that no metric gives; None for others."""
    prefix, separator, name = value.partition('/')
    if not separator:
        given = [f'{item}/{value}' for item in known]
        return f'; did you mean {given[0]!r}?'
    if prefix not in known:
        return nearest(value, [f'{item}/{name}' for item in known])
    names = known[prefix]
    if names is None or name in names:
        return None
    return nearest(value, [f'{prefix}/{item}' for item in names])


def _watched(cfg: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Key path and value of every name that a hook waits for."""
    for key, hook in iter_hooks(cfg):
        if not isinstance(hook, Mapping):
            continue
        kind = hook.get('type')
        if kind in _HOOKS:
            name = 'save_best'
        elif kind == 'EarlyStoppingHook' and hook.get('strict'):
            name = 'monitor'  # else it gives a warning
        else:
            continue
        value = hook.get(name)
        for item in [value] if isinstance(value, str) else value or ():
            if item != 'auto':
                yield f'{key}.{name}', item


def _names(metric: Mapping[str, Any], kind: type) -> list[str] | None:
    """Names that a metric gives, as far as they are certain."""
    if kind.__name__ in ('CocoMetric', 'CocoInstanceMetric'):
        if metric.get('classwise') or metric.get('metric_items'):
            return None
        asked = metric.get('metric', _default(kind, 'metric'))
        asked = [asked] if isinstance(asked, str) else list(asked)
        if not set(asked) <= {'bbox', 'segm'}:
            return None
        return [f'{item}_{name}' for item in asked for name in _COCO]
    if kind.__name__ == 'Accuracy' and 'thrs' not in metric:
        topk = metric.get('topk', _default(kind, 'topk'))
        topk = [topk] if isinstance(topk, int) else topk
        return [f'top{number}' for number in topk]
    return None


def _package(kind: Any) -> str:
    return getattr(kind, '__module__', '').partition('.')[0]


def _default(kind: type, name: str) -> Any:
    return inspect.signature(kind).parameters[name].default


def _hosts(dataset: Mapping[str, Any], scope: str | None) -> Iterator[str]:
    """The host whose samples a dataset gives, if it is one of the two."""
    kind = find_type(dataset.get('type'), DATASETS, scope)
    for base in getattr(kind, '__mro__', ()):
        package = base.__module__.partition('.')[0]
        if _FAMILIES.get(package) == base.__name__:
            yield package
