"""Keys that a runner reads at the top of a config, and near misses."""

import inspect
import re
from collections.abc import Collection, Iterator, Mapping
from difflib import SequenceMatcher, get_close_matches
from typing import Any

from mmengine.config import Config
from mmengine.dist import init_dist
from mmengine.hooks import Hook
from mmengine.registry import MODELS
from mmengine.runner import Runner
from torch.distributed import init_process_group

from mmvision_ext.utils.nearest import did_you_mean, nearest

from .type_lookup import HOSTS, find_type, is_scope

_READ_ELSEWHERE = {
    'activation_checkpointing',
    'compile',
    'custom_imports',
    'efficient_conv_bn_eval',
    'find_unused_parameters',
    'model_wrapper_cfg',
    'runner_type',
    'sync_bn',
}
#: Every key that some run reads from the top of a config.
RUNNER_KEYS = frozenset(
    {*inspect.signature(Runner.__init__).parameters, *_READ_ELSEWHERE}
    - {'self', 'cfg'}
)
_TOGETHER = (
    ('train_dataloader', 'train_cfg', 'optim_wrapper'),
    ('val_dataloader', 'val_cfg', 'val_evaluator'),
    ('test_dataloader', 'test_cfg', 'test_evaluator'),
)
_HOOKS = (
    'runtime_info',
    'timer',
    'sampler_seed',
    'logger',
    'param_scheduler',
    'checkpoint',
    'visualization',
)
#: Dicts of which only some keys are read.
_KNOWN: dict[str, tuple[str, ...]] = {
    'env_cfg': ('cudnn_benchmark', 'mp_cfg', 'dist_cfg', 'resource_limit'),
    'env_cfg.mp_cfg': ('mp_start_method', 'opencv_num_threads'),
    'env_cfg.dist_cfg': (
        *inspect.signature(init_dist).parameters,
        *inspect.signature(init_process_group).parameters,
        'port',  # of Slurm
    ),
    'randomness': ('seed', 'diff_rank_seed', 'deterministic'),
    'auto_scale_lr': ('enable', 'base_batch_size'),
}
_CLOSE = 0.85  # share of letters in common


def runner_key_faults(cfg: Mapping[str, Any]) -> list[str]:
    """Find misspelled and missing keys at the top of a config.

    A config may have variables of any name at its top. Refused is only a name
    that a run does not read, that differs from one that it reads by two
    letters at most, that no other line of the config's files mentions, and
    whose value is of the kind that belongs there.

    Args:
        cfg: The complete config.

    Returns:
        One sentence a fault.
    """
    faults = [
        f"{name}: no run reads this key; did you mean '{likely}'? A variable "
        'of the config file needs a name less alike'
        for name in cfg
        if (likely := near_miss(name, RUNNER_KEYS))
        and _is_alike(cfg[name], likely)
        and not _is_used(cfg, name)
    ]
    for keys in _TOGETHER:
        lacking = [key for key in keys if cfg.get(key) is None]
        if 0 < len(lacking) < len(keys):
            found = [key for key in keys if key not in lacking]
            faults.append(
                f'{lacking[0]}: expected beside {" and ".join(found)}, found '
                f'none: set {", ".join(keys)}, or none of them'
            )
    if (
        cfg.get('param_scheduler') is not None
        and cfg.get('optim_wrapper') is None
    ):
        faults.append('param_scheduler: expected beside optim_wrapper only')
    scope = cfg.get('default_scope')
    if scope is not None and not is_scope(scope) and _needs_scope(cfg):
        faults.append(
            f"default_scope: there is no package '{scope}' with registries"
            f'{nearest(scope, HOSTS)}'
        )
    return faults + [*_hook_faults(cfg), *_inner_faults(cfg)]


def near_miss(name: str, known: Collection[str]) -> str:
    """The name that was meant by one that nothing reads.

    Args:
        name: A name of a config.
        known: Names that are read.

    Returns:
        The one that differs by a slip of the keyboard; empty for a known
        name, and for one made from a known one on purpose, as ``model_2``.
    """
    if name in known:
        return ''
    for likely in get_close_matches(name, list(known), 3, 0.75):
        same = SequenceMatcher(None, name, likely).ratio() >= _CLOSE
        swapped = sorted(name) == sorted(likely)
        numbered = name.rstrip('_0123456789') == likely.rstrip('_')
        if (
            (same or swapped)
            and not numbered
            and abs(len(name) - len(likely)) <= 2
        ):
            return likely
    return ''


def _is_alike(value: Any, key: str) -> bool:
    """Whether a value is of the kind that a key takes."""
    takes_dict = key.startswith(
        ('train_', 'val_', 'test_', 'model', 'optim_', 'default_hooks')
    ) or key in ('visualizer', 'log_processor', *_KNOWN)
    if key == 'custom_hooks':
        return isinstance(value, (list, tuple))
    if takes_dict:
        return isinstance(value, (Mapping, list, tuple))
    return key == 'param_scheduler' or not isinstance(value, Mapping)


def _is_used(cfg: Mapping[str, Any], name: str) -> bool:
    """Whether the files of a config mention a variable beside setting it."""
    text = cfg.text if isinstance(cfg, Config) else ''
    return bool(re.search(rf'\b{re.escape(name)}\b(?!\s*=[^=])', text))


def _needs_scope(cfg: Mapping[str, Any]) -> bool:
    """Whether the type of the model is not found without a scope."""
    model = cfg.get('model')
    kind = model.get('type') if isinstance(model, Mapping) else None
    return isinstance(kind, str) and find_type(kind, MODELS, None) is None


def _hook_faults(cfg: Mapping[str, Any]) -> Iterator[str]:
    """Entries of ``default_hooks`` that are no hooks.

    A misspelled name has no type, or removes what is not there.
    """
    hooks = cfg.get('default_hooks')
    if not isinstance(hooks, Mapping):
        if hooks is not None:
            yield 'default_hooks: expected a dict of names and hooks'
        return
    for name, hook in hooks.items():
        key = f'default_hooks.{name}'
        names = [*_HOOKS, *(item for item in hooks if item != name)]
        if isinstance(hook, Hook) or (
            isinstance(hook, Mapping) and 'type' in hook
        ):
            continue
        if name not in _HOOKS and (likely := near_miss(name, names)):
            yield f"{key}: no hook has this name; did you mean '{likely}'?"
        elif isinstance(hook, Mapping):
            yield (
                f'{key}.type: expected, found none{did_you_mean("type", hook)}'
            )
        elif hook is not None:
            yield (
                f'{key}: expected a hook, or None, found {type(hook).__name__}'
            )


def _inner_faults(cfg: Mapping[str, Any]) -> Iterator[str]:
    """Unknown keys in the dicts that mmengine reads key by key."""
    for place, known in _KNOWN.items():
        top, *inner = place.split('.')
        node = cfg.get(top)
        for part in inner:
            node = node.get(part) if isinstance(node, Mapping) else None
        if not isinstance(node, Mapping):
            continue
        for name in node:
            if name not in known:
                yield (
                    f'{place}.{name}: nothing reads this key'
                    f'{nearest(name, known)}'
                )
