"""The parts of a config that are built, and by which registry."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from mmengine import registry as roots
from mmengine.evaluator import Evaluator
from mmengine.hooks import EMAHook
from mmengine.model import ExponentialMovingAverage
from mmengine.optim import OptimWrapper
from mmengine.registry import Registry
from mmengine.runner import (
    EpochBasedTrainLoop,
    IterBasedTrainLoop,
    LogProcessor,
    TestLoop,
    ValLoop,
)
from mmengine.visualization import Visualizer

from .signatures import arguments_of
from .type_lookup import HOSTS, find_type

#: Keys of a part whose types are always of one registry.
_INSIDE = {
    'dataset': roots.DATASETS,
    'datasets': roots.DATASETS,
    'pipeline': roots.TRANSFORMS,
    'transforms': roots.TRANSFORMS,
    'metrics': roots.METRICS,
    'vis_backends': roots.VISBACKENDS,
    'assigner': roots.TASK_UTILS,
    'bbox_coder': roots.TASK_UTILS,
    'match_costs': roots.TASK_UTILS,
    'sampler': roots.TASK_UTILS,
    'anchor_generator': roots.TASK_UTILS,
    'prior_generator': roots.TASK_UTILS,
    'detector': roots.MODELS,
    'backbone': roots.MODELS,
    'neck': roots.MODELS,
    'head': roots.MODELS,
    'rpn_head': roots.MODELS,
    'roi_head': roots.MODELS,
    'bbox_head': roots.MODELS,
    'mask_head': roots.MODELS,
    'bbox_roi_extractor': roots.MODELS,
    'mask_roi_extractor': roots.MODELS,
    'loss': roots.MODELS,
    'init_cfg': roots.WEIGHT_INITIALIZERS,
    'data_preprocessor': roots.MODELS,
}
#: Parts that get nothing but what the config says.
_WHOLE = {
    roots.DATASETS,
    roots.TRANSFORMS,
    roots.METRICS,
}
#: Packages whose classes are known to build what is inside them as it stands.
_KNOWN = ('mmcv', *HOSTS)
#: Types whose inner ``type`` is not a registry's.
_FOREIGN_TYPES = ('Albu', 'Albumentations')
#: Keys that builders take out before they call the constructor.
_TAKEN_INSIDE = {'loss_cls': {'bg_cls_weight'}, 'init_cfg': {'override'}}


@dataclass(frozen=True)
class Part:
    """A part of a config that becomes an object.

    Attributes:
        key: Its place, dotted.
        config: Its settings.
        registry: Root registry that has its type.
        scope: Scope where its type is looked for.
        default: What is built without a ``type``; None: it needs one.
        given: Arguments that come from elsewhere.
        taken: Keys that never reach the constructor.
        is_whole: Whether no argument comes from an unknown place.
    """

    key: str
    config: Mapping[str, Any]
    registry: Registry
    scope: str | None
    default: Any = None
    given: frozenset[str] = frozenset()
    taken: frozenset[str] = frozenset()
    is_whole: bool = True

    def find(self) -> Any:
        """Look its class or function up.

        Returns:
            What will be called; None where nothing has the name.
        """
        kind = self.config.get('type', self.default)
        return find_type(kind, self.registry, self.scope)


def parts_of_runner(cfg: Mapping[str, Any]) -> Iterator[Part]:
    """Parts that a runner builds before it is asked to do anything.

    Args:
        cfg: The complete config.

    Yields:
        The model, hooks, visualizer and log processor, with what is inside.
    """
    yield from _top(
        cfg, 'model', roots.MODELS, given=('data_preprocessor',), whole=False
    )
    model = cfg.get('model')
    if (
        'type' in (cfg.get('data_preprocessor') or {})
        and isinstance(model, Mapping)
        and 'data_preprocessor' not in model
    ):
        yield from _top(cfg, 'data_preprocessor', roots.MODELS, whole=False)
    yield from _top(
        cfg, 'visualizer', roots.VISUALIZERS, Visualizer, given=('name',)
    )
    yield from _top(cfg, 'log_processor', roots.LOG_PROCESSORS, LogProcessor)
    for key in ('default_hooks', 'custom_hooks'):
        for part in _top(cfg, key, roots.HOOKS, taken=('priority',)):
            yield part
            yield from _averages(part)


def _averages(part: Part) -> Iterator[Part]:
    """The averaged model of an EMAHook, to which unknown settings go."""
    kind = part.find()
    if not isinstance(kind, type) or not issubclass(kind, EMAHook):
        return
    own = {'type', 'priority', *arguments_of(kind).known}
    settings = {
        name: value for name, value in part.config.items() if name not in own
    }
    average = part.config.get('ema_type', ExponentialMovingAverage.__name__)
    yield Part(
        part.key,
        {'type': average, **settings},
        roots.MODELS,
        part.scope,
        given=frozenset({'model'}),
    )


def parts_of_mode(cfg: Mapping[str, Any], mode: str) -> Iterator[Part]:
    """Parts that a training, a validation or a test builds.

    Args:
        cfg: The complete config.
        mode: ``'train'``, ``'val'`` or ``'test'``.

    Yields:
        Datasets, samplers, loop, evaluator, optimizer and schedulers, with
        what is inside.
    """
    yield from _loader_parts(cfg, f'{mode}_dataloader')
    yield from _loop_part(cfg, mode)
    if mode == 'train':
        yield from _optimizer_parts(cfg)
        yield from _top(
            cfg,
            'param_scheduler',
            roots.PARAM_SCHEDULERS,
            given=('optimizer', 'end'),
            taken=('convert_to_iter_based', 'epoch_length'),
        )
        return
    key = f'{mode}_evaluator'
    evaluator = cfg.get(key)
    if isinstance(evaluator, Mapping) and 'metrics' in evaluator:
        yield from _top(cfg, key, roots.EVALUATOR, Evaluator, whole=False)
    else:
        yield from _top(cfg, key, roots.METRICS)


def _top(
    cfg: Mapping[str, Any],
    key: str,
    registry: Registry,
    default: Any = None,
    given: Sequence[str] = (),
    taken: Sequence[str] = (),
    whole: bool = True,
) -> Iterator[Part]:
    """A part at a key of a config, or those in the list or dict there."""
    model = Part(
        key,
        {},
        registry,
        cfg.get('default_scope'),
        default,
        frozenset(given),
        frozenset(taken),
        whole,
    )
    value = cfg.get(key.rpartition('.')[2])
    if key == 'default_hooks' or _is_named_lists(key, value):
        members = [
            (f'{key}.{name}', item)
            for name, item in (
                value.items() if isinstance(value, Mapping) else ()
            )
            if key != 'default_hooks'
            or (isinstance(item, Mapping) and 'type' in item)
        ]
    else:
        members = [(key, value)]
    for place, member in members:
        yield from _members(member, replace(model, key=place))


def _is_named_lists(key: str, value: Any) -> bool:
    """Whether schedulers are given by the names of several optimizers."""
    return (
        key == 'param_scheduler'
        and isinstance(value, Mapping)
        and 'type' not in value
    )


def _members(value: Any, model: Part) -> Iterator[Part]:
    """A part, or those of a list, each with what is inside."""
    if isinstance(value, Mapping):
        part = replace(model, config=value)
        if value.get('_scope_'):
            part = replace(part, scope=value['_scope_'])
        yield part
        yield from _inside(part)
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from _members(
                item, replace(model, key=f'{model.key}.{index}')
            )


def _inside(part: Part) -> Iterator[Part]:
    """Parts in the settings of a part.

    None in those of a class from elsewhere, which may build them by other
    means, or change them before.
    """
    kind = part.find()
    if not is_known(kind) or getattr(kind, '__name__', None) in _FOREIGN_TYPES:
        return
    for name, value in part.config.items():
        yield from _nested(value, name, f'{part.key}.{name}', part)


def is_known(kind: Any) -> bool:
    """Whether a class is of a package that was looked through.

    Args:
        kind: Class or function of a ``type``.

    Returns:
        Whether it treats what is inside it as the check expects.
    """
    return getattr(kind, '__module__', '').partition('.')[0] in _KNOWN


def _nested(value: Any, name: str, key: str, parent: Part) -> Iterator[Part]:
    """Parts in one value of a part, at any depth."""
    if isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from _nested(item, name, f'{key}.{index}', parent)
    elif not isinstance(value, Mapping):
        return
    elif 'type' in value or _needs_type(name, parent):
        registry = _registry_of(name, key)
        if registry is not None:
            model = Part(
                key,
                value,
                registry,
                parent.scope,
                given=frozenset(
                    {'save_dir'} if name == 'vis_backends' else ()
                ),
                taken=frozenset(_TAKEN_INSIDE.get(name, ())),
                is_whole=registry in _WHOLE,
            )
            yield from _members(value, model)
    else:
        for inner, item in value.items():
            yield from _nested(item, inner, f'{key}.{inner}', parent)


def _registry_of(name: str, key: str) -> Registry | None:
    """Where the type at a key is always looked for; None if not known."""
    if name == 'sampler' and '.train_cfg.' not in key:
        return None  # of data
    return roots.MODELS if name.startswith('loss_') else _INSIDE.get(name)


def _needs_type(name: str, parent: Part) -> bool:
    """Whether a dict without a ``type`` is a dataset or transform."""
    built = (roots.DATASETS, roots.TRANSFORMS)
    return _INSIDE.get(name) in built and parent.registry in built


def _loader_parts(cfg: Mapping[str, Any], key: str) -> Iterator[Part]:
    """Dataset, samplers and collate function of a data loader."""
    loader = cfg.get(key)
    if not isinstance(loader, Mapping):
        return
    scope = cfg.get('default_scope')
    for name, registry, given in (
        ('dataset', roots.DATASETS, ()),
        ('sampler', roots.DATA_SAMPLERS, ('dataset', 'seed')),
        ('batch_sampler', roots.DATA_SAMPLERS, ('sampler', 'batch_size')),
        ('collate_fn', roots.FUNCTIONS, ('data_batch',)),
    ):
        model = Part(
            f'{key}.{name}',
            {},
            registry,
            scope,
            given=frozenset(given),
            is_whole=name != 'collate_fn',
        )
        if isinstance(loader.get(name), Mapping):
            yield from _members(loader[name], model)


def _loop_part(cfg: Mapping[str, Any], mode: str) -> Iterator[Part]:
    """The loop of a mode."""
    loop = cfg.get(f'{mode}_cfg')
    if not isinstance(loop, Mapping):
        return
    by_epoch = loop.get('by_epoch', True)
    default = {
        'train': EpochBasedTrainLoop if by_epoch else IterBasedTrainLoop,
        'val': ValLoop,
        'test': TestLoop,
    }[mode]
    yield Part(
        f'{mode}_cfg',
        loop,
        roots.LOOPS,
        cfg.get('default_scope'),
        default,
        frozenset({'runner', 'dataloader', 'evaluator'}),
        frozenset(
            {'by_epoch'} if mode == 'train' and 'type' not in loop else ()
        ),
    )


def _optimizer_parts(cfg: Mapping[str, Any]) -> Iterator[Part]:
    """Optimizer and its wrapper, where a known constructor makes them."""
    wrapper = cfg.get('optim_wrapper')
    if not isinstance(wrapper, Mapping) or 'optimizer' not in wrapper:
        return
    scope = cfg.get('default_scope')
    if wrapper.get('constructor') is not None:
        constructor = Part(
            'optim_wrapper',
            {'type': wrapper['constructor']},
            roots.OPTIM_WRAPPER_CONSTRUCTORS,
            scope,
            is_whole=False,
        )
        yield constructor
        if not is_known(constructor.find()):
            return
    yield Part(
        'optim_wrapper',
        wrapper,
        roots.OPTIM_WRAPPERS,
        scope,
        OptimWrapper,
        taken=frozenset({'optimizer', 'constructor', 'paramwise_cfg'}),
        is_whole=False,
    )
    if isinstance(wrapper['optimizer'], Mapping):
        yield Part(
            'optim_wrapper.optimizer',
            wrapper['optimizer'],
            roots.OPTIMIZERS,
            scope,
            given=frozenset({'params'}),
        )
