"""Numbers of guesses (``topk``) of a config against its classes."""

import inspect
from collections.abc import Mapping
from typing import Any

from mmengine.registry import METRICS

from .type_lookup import find_type
from .walk import iter_metrics


def topk_faults(
    model: Mapping[str, Any],
    evaluators: Mapping[str, Any],
    num_classes: int,
    scope: str | None,
) -> list[str]:
    """Find accuracies of more guesses than there are classes.

    Args:
        model: Config of the model.
        evaluators: Configs of evaluators by their keys.
        num_classes: Number of classes of the data.
        scope: The config's ``default_scope``.

    Returns:
        One sentence a fault.
    """
    head = model.get('head')
    named: list[tuple[str, Any]] = []
    if isinstance(head, Mapping) and head.get('cal_acc'):
        named.append(('model.head', head.get('topk')))
    for key, evaluator in evaluators.items():
        named += [
            (place, _topk(metric, scope))
            for place, metric in iter_metrics(evaluator, key)
        ]
    return [
        text
        for key, topk in named
        if topk is not None and (text := _fault(key, topk, num_classes))
    ]


def _fault(key: str, topk: Any, num_classes: int) -> str:
    """The sentence for one ``topk``; empty where it is sound."""
    numbers = (topk,) if isinstance(topk, int) else tuple(topk)
    if num_classes < 2:
        return (
            f'{key}.topk = {topk}: accuracy needs two classes or more, and '
            'the data have one: give metainfo.classes of the data and '
            'num_classes of the model another one'
        )
    if all(number < num_classes for number in numbers):
        return ''
    right = tuple(n for n in numbers if n < num_classes) or (1,)
    return (
        f'{key}.topk = {topk}, but the data have {num_classes} classes, and '
        f'{num_classes} or more guesses are always right: set {key}.topk = '
        f'{right}'
    )


def _topk(metric: Mapping[str, Any], scope: str | None) -> Any:
    """``topk`` of a metric of accuracy; None for another metric.

    The ``topk`` of others counts something else, such as detections.
    """
    kind = find_type(metric.get('type'), METRICS, scope)
    if kind is None or getattr(kind, 'default_prefix', '') != 'accuracy':
        return None
    known = inspect.signature(kind).parameters.get('topk')
    return None if known is None else metric.get('topk', known.default)
