"""Prune a classifier, fine-tune it, and measure every stage."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from mmengine.config import Config
from mmengine.hooks import Hook

from mmvision_ext.apis.classification import (
    DatasetClassification,
    classify_dataset,
)
from mmvision_ext.apis.model import Classifier, load_classifier
from mmvision_ext.engine.launch import build_runner
from mmvision_ext.engine.unwrap import unwrapped
from mmvision_ext.utils import InputError
from mmvision_ext.utils.type_name import type_name

from .images import ImageBatches
from .magnitude import KeepZerosHook, prune_weights
from .measure import (
    Latency,
    check_timing,
    measure_latency,
    measure_size,
    torch_threads,
)
from .report import Protocol, Stage, record_protocol
from .structured import prune_channels, ratio_for_flops, save_history

Method = Literal['structured', 'magnitude']

#: What the learning rate of the training is multiplied by.
FINETUNE_LR_FACTOR = 0.1


@dataclass(frozen=True)
class PruningPlan:
    """How much is pruned and how it is mended.

    Attributes:
        method: ``'structured'`` removes channels, ``'magnitude'`` sets
            single weights to zero.
        ratio: Share of the channels of each layer, or of all weights.
        target_flops: Instead of ``ratio``, for channels: share of the
            multiply-adds to keep.
        epochs: Epochs of fine-tuning, at least 1.
        lr: Its first learning rate; None takes a tenth of the config's.
    """

    method: Method
    ratio: float | None
    target_flops: float | None
    epochs: int
    lr: float | None = None

    def __post_init__(self) -> None:
        if (self.ratio is None) == (self.target_flops is None):
            raise InputError(
                'pruning: expected either a ratio or target flops, found '
                f'ratio={self.ratio}, target_flops={self.target_flops}.'
            )
        if self.method == 'magnitude' and self.ratio is None:
            raise InputError(
                'target flops: expected with --method structured, found '
                'magnitude, which removes no operations. Give --ratio.'
            )
        if self.epochs < 1:
            raise InputError(
                f'epochs: expected at least 1, found {self.epochs}.'
            )

    def channel_ratio(self, model: Classifier, image: torch.Tensor) -> float:
        """Share of the channels to remove, searched for where need be.

        Args:
            model: The classifier to prune, on the CPU.
            image: Normalised input, shape (1, C, H, W).

        Returns:
            The share.

        Raises:
            InputError: The target cannot be reached.
        """
        if self.target_flops is not None:
            return ratio_for_flops(model, image, self.target_flops)
        assert self.ratio is not None
        return self.ratio

    def describe(self) -> str:
        """What was done, for tables."""
        amount = (
            f'{self.ratio:.0%} of the channels of each layer removed'
            if self.ratio is not None
            else f'channels removed down to {self.target_flops:.0%} of the '
            'multiply-adds'
        )
        if self.method == 'magnitude':
            amount = (
                f'the smallest {self.ratio:.0%} of the weights set to zero'
            )
        return f'{self.method}: {amount}, {self.epochs} epoch(s) fine-tuning'


@dataclass(frozen=True)
class PrunedFiles:
    """What pruning wrote.

    Attributes:
        config: Config that builds the pruned model, for every tool.
        pruned: Weights right after pruning.
        finetuned: Weights after fine-tuning.
    """

    config: Path
    pruned: Path
    finetuned: Path


def prune_and_finetune(
    config: Config,
    checkpoint: str | Path,
    folder: str | Path,
    plan: PruningPlan,
) -> PrunedFiles:
    """Prune a classifier and train it on through the config's runner.

    Args:
        config: Classification config; it has to train by epochs.
        checkpoint: File of the weights.
        folder: Where to; made where missing.
        plan: How much.

    Returns:
        The files written.

    Raises:
        InputError: A file or package is missing, the weights do not fit, or
            the architecture cannot be pruned.
    """
    folder = Path(folder)
    _require_epochs(config)
    model = load_classifier(config, checkpoint, 'cpu')
    batch = next(iter(ImageBatches(config, 'test', 1)))
    image = normalised(model, torch.tensor(batch.images))
    folder.mkdir(parents=True, exist_ok=True)
    files = PrunedFiles(
        folder / 'pruned_config.py',
        folder / 'pruned.pth',
        folder / 'finetuned.pth',
    )
    hooks: list[Hook] = []
    pruned_config = Config(config.to_dict())
    if plan.method == 'structured':
        history = prune_channels(
            model, image, plan.channel_ratio(model, image)
        )
        path = save_history(history, image.shape[1:], folder / 'pruning.json')
        pruned_config = _config_of_pruned(config, path)
    else:
        assert plan.ratio is not None
        hooks.append(KeepZerosHook(prune_weights(model, plan.ratio)))
    pruned_config.dump(files.config)
    _save(model, model.dataset_meta, files.pruned)
    tuned = _finetune(
        finetune_config(
            pruned_config, files.pruned, folder / 'finetune', plan
        ),
        hooks,
    )
    _save(tuned, model.dataset_meta, files.finetuned)
    return files


def compare_pruned(
    config: Config,
    checkpoint: str | Path,
    files: PrunedFiles,
    plan: PruningPlan,
    threads: int = 1,
    rounds: int = 100,
    command: str = '',
) -> tuple[list[Stage], Protocol]:
    """Measure a classifier before and after pruning and after fine-tuning.

    All three are loaded from their files.

    Args:
        config: Config of the unpruned model; its test set gives accuracy.
        checkpoint: Its weights.
        files: What :func:`prune_and_finetune` wrote.
        plan: As given to it, for the record.
        threads: Number of threads of the latency.
        rounds: How often each model is timed.
        command: How it was started, for the record.

    Returns:
        One stage for each model, and how they were measured.

    Raises:
        InputError: A file is missing, or weights do not fit.
    """
    check_timing(threads, rounds)
    sources: dict[str, tuple[Any, str | Path]] = {
        'before': (config, checkpoint),
        'pruned': (files.config, files.pruned),
        'fine-tuned': (files.config, files.finetuned),
    }
    models, results = {}, {}
    for name, (source, weights) in sources.items():
        model = load_classifier(source, weights)
        results[name] = classify_dataset(model, config)
        models[name] = model.to('cpu')
    first = next(iter(ImageBatches(config, 'test', 1)))
    image = normalised(models['before'], torch.tensor(first.images))
    with torch_threads(threads), torch.no_grad():
        latency = measure_latency(
            {name: lambda m=m: m(image) for name, m in models.items()},  # type: ignore[misc]
            rounds,
        )
    stages = [
        _stage(name, weights, models[name], image, latency[name], results)
        for name, (_, weights) in sources.items()
    ]
    before = results['before']
    data = (
        f'{type(before.dataset).__name__}, {len(before)} images of the test '
        'set'
    )
    return stages, record_protocol(
        config, checkpoint, data, plan.describe(), threads, rounds, command
    )


def finetune_config(
    config: Config, weights: Path, work_dir: Path, plan: PruningPlan
) -> Config:
    """The config of the training, changed for mending a pruned model.

    Changed are: the weights it starts from, the number of epochs, the
    learning rate (one cosine from ``plan.lr`` to 0: the schedule of a long
    training does not fit a short one), and that nothing is frozen.

    Args:
        config: Config of the pruned model.
        weights: Its weights.
        work_dir: Folder of logs and checkpoints.
        plan: How long, and at which learning rate.

    Returns:
        A config for the runner.
    """
    config = Config(config.to_dict())
    config.load_from, config.resume = str(weights), False
    config.work_dir, config.launcher = str(work_dir), 'none'
    config.train_cfg.max_epochs = plan.epochs
    config.custom_hooks = [
        hook
        for hook in config.get('custom_hooks') or []
        if not type_name(hook.get('type')).endswith('FreezeHook')
    ]
    optimizer = config.optim_wrapper.optimizer
    optimizer.lr = (
        optimizer.lr * FINETUNE_LR_FACTOR if plan.lr is None else plan.lr
    )
    config.param_scheduler = [
        dict(
            type='CosineAnnealingLR',
            T_max=plan.epochs,
            by_epoch=True,
            convert_to_iter_based=True,
        )
    ]
    return config


def normalised(model: Classifier, images: torch.Tensor) -> torch.Tensor:
    """What the network is given for images.

    Args:
        model: A classifier on the CPU.
        images: Pixels from 0 to 255, shape (N, C, H, W).

    Returns:
        Input of the network, shape (N, C, H, W).
    """
    return model.data_preprocessor({'inputs': images}, False)['inputs']


def _require_epochs(config: Config) -> None:
    loop = config.get('train_cfg') or {}
    kind = type_name(loop.get('type'))
    if not loop.get('by_epoch', kind == 'EpochBasedTrainLoop'):
        raise InputError(
            'train_cfg: expected a training by epochs (by_epoch=True), found '
            f'{dict(loop)}. Fine-tuning is counted in epochs.'
        )


def _config_of_pruned(config: Config, history: Path) -> Config:
    """A config whose model is built without the removed channels.

    What the model would load when it is initialised is left out: those
    weights have the old shapes, and a checkpoint replaces them anyway.
    """
    settings = config.to_dict()
    settings['model'] = dict(
        type='mmvision_ext.PrunedClassifier',
        classifier=_without_pretrained(settings['model']),
        pruning=str(history),
    )
    imports = settings.get('custom_imports') or {}
    settings['custom_imports'] = dict(
        imports=[
            *imports.get('imports', []),
            'mmvision_ext.deployment.structured',
        ],
        allow_failed_imports=imports.get('allow_failed_imports', False),
    )
    return Config(settings)


def _without_pretrained(node: Any) -> Any:
    """A copy of a model's config that names no weights to load."""
    if isinstance(node, Mapping):
        kept = {
            key: _without_pretrained(value)
            for key, value in node.items()
            if not (key == 'init_cfg' and _loads(value))
            and key != 'checkpoint_path'
        }
        if kept.get('pretrained'):
            kept['pretrained'] = (
                None if isinstance(kept['pretrained'], str) else False
            )
        return kept
    if isinstance(node, (list, tuple)):
        return type(node)(_without_pretrained(value) for value in node)
    return node


def _loads(init_cfg: Any) -> bool:
    entries = init_cfg if isinstance(init_cfg, (list, tuple)) else [init_cfg]
    return any(
        isinstance(entry, Mapping) and entry.get('type') == 'Pretrained'
        for entry in entries
    )


def _finetune(config: Config, hooks: list[Hook]) -> Classifier:
    runner = build_runner(config)
    for hook in hooks:
        runner.register_hook(hook)
    return unwrapped(runner.train())


def _save(model: Classifier, meta: Mapping[str, Any], path: Path) -> None:
    state = {
        name: value.detach().cpu()
        for name, value in model.state_dict().items()
    }
    torch.save(
        {
            'state_dict': state,
            'meta': {'dataset_meta': {'classes': list(meta['classes'])}},
        },
        path,
    )


def _stage(
    name: str,
    file: str | Path,
    model: Classifier,
    image: torch.Tensor,
    latency: Latency,
    results: Mapping[str, DatasetClassification],
) -> Stage:
    size = measure_size(model, image)
    found = results[name]
    return Stage(
        name,
        str(file),
        size.file_mib,
        size.gzip_mib,
        latency.median,
        latency.lower,
        latency.upper,
        float((found.predicted == found.labels).mean() * 100),
        float((found.predicted == results['before'].predicted).mean() * 100),
        size.params / 1e6,
        size.nonzero / 1e6,
        size.gflops,
    )
