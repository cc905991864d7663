"""Configs and options with one fault each, which no run may begin with."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from mmengine.config import Config

from mmvision_ext.engine.launch import build_runner
from mmvision_ext.testing.config_faults import (
    BASE,
    BUILD_FAULTS,
    OPTION_FAULTS,
    RUNNER_FAULTS,
    TRAINING_FAULTS,
    ConfigFault,
)
from mmvision_ext.testing.paths import REPOSITORY
from mmvision_ext.testing.shapes_devkit import make_shapes_devkit
from mmvision_ext.utils import InputError
from mmvision_ext.utils.config.check import check_config, check_runner
from mmvision_ext.utils.config.options import merge_options
from mmvision_ext.utils.config.read import read_config

from .outcome import Outcome

_FAST = 5  # every fifth


def config_mutations(folder: Path, fast: bool) -> Iterator[Outcome]:
    """Write faults into a sound config and its options.

    Args:
        folder: Where the data of the config are generated.
        fast: Whether one in five is enough.

    Yields:
        An outcome for each fault; survived is a message that names its key
        path, and the nearest valid name where there is one.
    """
    make_shapes_devkit(
        folder / 'VOC2012', num_train=16, num_val=8, image_size=96, seed=1
    )
    with _shapes_root(folder):
        sound = read_config(REPOSITORY / BASE)
        sound.work_dir, sound.launcher = str(folder / 'work'), 'none'
        faults = [
            *((_start, fault) for fault in RUNNER_FAULTS + TRAINING_FAULTS),
            *((_build, fault) for fault in BUILD_FAULTS),
            *((_options, fault) for fault in OPTION_FAULTS),
        ]
        for begin, fault in faults[:: _FAST if fast else 1]:
            yield _refused(begin, fault, sound)


def _refused(
    begin: Callable[[ConfigFault, Config], None],
    fault: ConfigFault,
    sound: Config,
) -> Outcome:
    try:
        begin(fault, sound)
    except InputError as error:
        told = str(error)
        named = f' {fault.key}' in f' {told}' and fault.likely in told
        return Outcome(fault.name, named, told)
    except Exception as error:  # a traceback from deep inside
        return Outcome(fault.name, False, repr(error))
    return Outcome(fault.name, False, 'it was not refused')


def _start(fault: ConfigFault, sound: Config) -> None:
    """What a training does before it builds anything, and reads data."""
    broken = fault.inject(sound)
    check_runner(broken)
    check_config(broken, ('train', 'val'))


def _build(fault: ConfigFault, sound: Config) -> None:
    build_runner(fault.inject(sound))


def _options(fault: ConfigFault, sound: Config) -> None:
    merge_options(sound.copy(), fault.options)


@contextmanager
def _shapes_root(folder: Path) -> Iterator[None]:
    """Name the folder of the generated data, as the config reads it."""
    name = 'MMVISION_SHAPES_ROOT'
    before = os.environ.get(name)
    os.environ[name] = str(folder)
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
