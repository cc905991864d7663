"""How long a config trains until it has an accuracy, over several seeds."""

import copy
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.device import get_device
from mmengine.hooks import Hook
from mmengine.runner import Runner, set_random_seed
from torch import nn

from mmvision_ext.utils import InputError
from mmvision_ext.utils.nearest import nearest
from mmvision_ext.utils.provenance import code_commit, hardware_name
from mmvision_ext.utils.tables import save_csv

from .clock import now
from .launch import build_runner
from .short_training import only_train


@dataclass(frozen=True)
class Trial:
    """One training from new weights.

    Attributes:
        seed: Its seed.
        accuracy: The metric in the test after it, per cent.
        prepare_seconds: Time for drawing new weights.
        train_seconds: Time of the training, from its first hook to its last.
        test_seconds: Time of the test, which counts for nothing.
        epochs: Number of epochs.
        protocol: Which images, as the dataset says.
        hardware: What it ran on.
        torch: Version of PyTorch.
        commit: Commit of the code.
        command: Command line.
    """

    seed: int
    accuracy: float
    prepare_seconds: float
    train_seconds: float
    test_seconds: float
    epochs: int
    protocol: str
    hardware: str
    torch: str
    commit: str
    command: str

    @property
    def seconds(self) -> float:
        """What is compared: preparation and training."""
        return self.prepare_seconds + self.train_seconds


def time_trials(
    config: Config,
    seeds: Sequence[int],
    metric: str,
    work_dir: str | Path,
    command: str,
) -> Iterator[Trial]:
    """Train a config once a seed, and time it.

    The trials share one model, whose weights are drawn anew for each, so that
    what is compiled for the first serves all. Before them one more trial is
    trained and forgotten: it compiles, and lets the GPU choose its kernels.

    Timed are drawing the weights and everything from the first hook of the
    training to its end, with the device waited for at both ends. Not timed
    are reading the data to where the dataset keeps it, building optimizer and
    loops, compiling, and the test, which is made once, after the training,
    from ``test_dataloader``. Checkpoints and validation are left out; all
    else is as the config has it.

    Args:
        config: A classification config that trains by epochs.
        seeds: A trial for each.
        metric: Metric of the test, such as ``'accuracy/top1'``.
        work_dir: Folder for what the runner writes.
        command: Command line, for the record.

    Yields:
        The trials.

    Raises:
        InputError: The config cannot be trained, or the test does not have
            the metric.
    """
    config = _prepared(config)
    model: nn.Module | None = None
    for number, seed in enumerate([seeds[0], *seeds]):
        folder = Path(work_dir) / f'trial_{number}'
        runner = _runner(config, seed, folder)
        begun = now()
        model = _renewed(runner, model, seed)
        prepared = now()
        train = _train(runner)
        test_loop = runner.test_loop
        trained = now()
        scores = test_loop.run()
        test = now() - trained
        if metric not in scores:
            raise InputError(
                f"--metric: no '{metric}' in the test of {config.filename}"
                f'{nearest(metric, scores)}'
            )
        if number:
            meta = getattr(runner.train_dataloader.dataset, 'metainfo', {})
            yield Trial(
                seed=seed,
                accuracy=float(scores[metric]),
                prepare_seconds=prepared - begun,
                train_seconds=train,
                test_seconds=test,
                epochs=runner.max_epochs,
                protocol=str(meta.get('protocol', '')),
                hardware=hardware_name(get_device()),
                torch=torch.__version__,
                commit=code_commit(),
                command=command,
            )


def describe(trials: Sequence[Trial], target: float) -> tuple[str, bool]:
    """Summarise trials.

    Args:
        trials: At least one.
        target: What their mean accuracy should reach, per cent.

    Returns:
        Lines of text, and whether the target is reached.
    """
    accuracies = [trial.accuracy for trial in trials]
    reached = statistics.fmean(accuracies) >= target
    lines = [
        f'{len(trials)} run(s) of {trials[0].epochs} epochs on '
        f'{trials[0].hardware}; data: {trials[0].protocol or "not stated"}',
        f'test accuracy: {_spread(accuracies, 2)} %; the target, a mean of '
        f'{target:g} %, is {"reached" if reached else "not reached"}',
        'preparation and training: '
        f'{_spread([trial.seconds for trial in trials], 3)} s, of which '
        f'training {_spread([t.train_seconds for t in trials], 3)} s; '
        'not counted: warm-up, compilation, reading the data, test '
        f'({_spread([trial.test_seconds for trial in trials], 3)} s)',
    ]
    return '\n'.join(lines), reached


def write_trials(trials: Sequence[Trial], path: str | Path) -> None:
    """Write a row a trial.

    Args:
        trials: The trials.
        path: CSV file to write; missing folders are made.
    """
    names = [field.name for field in fields(Trial)]
    save_csv(path, names, map(astuple, trials))


class _Start(Hook):
    """Notes when the training begins, before any other hook."""

    priority = 'HIGHEST'

    def __init__(self) -> None:
        self.seconds = 0.0

    def before_train(self, runner: Runner) -> None:
        """Note the time.

        Args:
            runner: Not used.
        """
        self.seconds = now()


def _prepared(config: Config) -> Config:
    """The config without validation and checkpoints."""
    config = copy.deepcopy(config)
    only_train(config)
    if not config.get('test_dataloader') or not config.get('train_cfg'):
        raise InputError(
            f'{config.filename}: expected train_cfg and test_dataloader, '
            f'found {", ".join(config)}.'
        )
    # Each run warns that the weights, whose drawing is timed, are there.
    config.log_level = 'ERROR'
    config.resume, config.load_from, config.launcher = False, None, 'none'
    if config.get('visualizer'):
        config.visualizer.pop('name', None)  # one a trial, not one for all
    return config


def _runner(config: Config, seed: int, folder: Path) -> Runner:
    config = copy.deepcopy(config)
    config.work_dir = str(folder)
    config.experiment_name = f'{folder.name}_{time.time_ns()}'
    config.randomness = {**config.get('randomness', {}), 'seed': seed}
    return build_runner(config)


def _renewed(runner: Runner, model: nn.Module | None, seed: int) -> nn.Module:
    """Give the runner a model with new weights: the one given, if any."""
    set_random_seed(seed)
    new = runner.model
    new.init_weights()
    if model is None:
        return new
    model.load_state_dict(new.state_dict())
    runner.model = model
    return model


def _train(runner: Runner) -> float:
    """Train; return the seconds from the first hook of the training on."""
    start = _Start()
    runner.register_hook(start)
    runner.train()
    return now() - start.seconds


def _spread(values: Sequence[float], digits: int) -> str:
    """Mean, and sample standard deviation where there is one."""
    mean = f'{statistics.fmean(values):.{digits}f}'
    if len(values) < 2:
        return mean
    return f'{mean} ± {statistics.stdev(values):.{digits}f}'
