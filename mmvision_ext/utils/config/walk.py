"""Parts of a config that may be given one by one or together."""

from collections.abc import Iterator, Mapping
from typing import Any


def iter_metrics(
    evaluator: Any, key: str
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Walk the metrics of an evaluator.

    Args:
        evaluator: Config of an evaluator: a metric, a list of them, or a dict
            with ``metrics``.
        key: Its place in the whole config.

    Yields:
        Key path and config of each metric; objects are left out.
    """
    if isinstance(evaluator, (list, tuple)):
        for index, metric in enumerate(evaluator):
            yield from iter_metrics(metric, f'{key}.{index}')
    elif isinstance(evaluator, Mapping):
        if 'metrics' in evaluator:
            yield from iter_metrics(evaluator['metrics'], f'{key}.metrics')
        else:
            yield key, evaluator


def iter_hooks(cfg: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Walk the hooks of a config.

    Args:
        cfg: The complete config.

    Yields:
        Key path of each hook, and its config, its object, or None for a
        default hook that is taken out.
    """
    for name, hook in (cfg.get('default_hooks') or {}).items():
        yield f'default_hooks.{name}', hook
    for index, hook in enumerate(cfg.get('custom_hooks') or ()):
        yield f'custom_hooks.{index}', hook
