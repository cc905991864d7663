"""What the command-line tools share: runner building and error messages."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from mmengine.config import Config
from mmengine.optim import AmpOptimWrapper, OptimWrapper
from mmengine.registry import RUNNERS
from mmengine.runner import Runner

from mmvision_ext.engine.checkpointing import use_safe_loader
from mmvision_ext.ops import require
from mmvision_ext.utils import InputError
from mmvision_ext.utils.config.check import amp_faults
from mmvision_ext.utils.config.type_lookup import find_type, meant
from mmvision_ext.utils.type_name import type_name

_WRAPPERS = ('OptimWrapper', 'AmpOptimWrapper', OptimWrapper, AmpOptimWrapper)
_MIXED = 'MixedPrecisionOptimWrapper'  # imported by the registry alone


def build_runner(cfg: Config) -> Runner:
    """Build the runner that a config asks for.

    Whichever it is, checkpoints are read without running code from them.

    Args:
        cfg: The complete config, with ``work_dir`` and ``launcher``.

    Returns:
        The runner named by ``runner_type``; mmengine's where none is named.

    Raises:
        InputError: If there is no such runner, or the config cannot work.
        MissingOpsError: If mmcv has neither compiled ops nor stand-ins.
    """
    require()
    use_safe_loader()
    kind = cfg.get('runner_type', 'Runner')
    if isinstance(kind, str) and find_type(kind, RUNNERS, None) is None:
        raise InputError(
            f"runner_type: there is no runner '{kind}'"
            f'{meant(kind, RUNNERS, None)}'
        )
    return RUNNERS.build(cfg)


def enable_amp(cfg: Config) -> None:
    """Turn mixed precision on in a config.

    ``mmvision_ext.MixedPrecisionOptimWrapper`` stays: it has mixed precision
    of its own, wherever the machine has it.

    Args:
        cfg: The config; its ``optim_wrapper`` is changed.

    Raises:
        InputError: If mmengine has no mixed precision on this machine, or
            the config has an optimizer wrapper of another kind.
    """
    wrapper = cfg.get('optim_wrapper') or {}
    kind = wrapper.get('type', 'OptimWrapper')
    if type_name(kind) == _MIXED:
        cfg.optim_wrapper.enabled = True
        return
    if kind not in _WRAPPERS:
        raise InputError(
            f'--amp: expected optim_wrapper.type to be OptimWrapper, found '
            f'{kind}. Leave out --amp and set its own precision.'
        )
    wrapper = {'loss_scale': 'dynamic', **wrapper, 'type': 'AmpOptimWrapper'}
    for fault in amp_faults(wrapper):
        raise InputError(fault)
    cfg.optim_wrapper = wrapper


def dump_predictions(cfg: Config, out: str) -> None:
    """Let a test write its predictions, besides measuring them.

    Args:
        cfg: The config; its ``test_evaluator`` is changed.
        out: The file, ``*.pkl``: a list with one dict an image. Masks of a
            detection config are compressed (COCO run lengths).

    Raises:
        InputError: If the config has no test_evaluator, or measures several
            datasets apart, each with a metric of its own.
    """
    evaluator = cfg.get('test_evaluator')
    if not evaluator:
        raise InputError(
            '--out: expected a test_evaluator, found none. Add one, and '
            'test_dataloader and test_cfg, to the config.'
        )
    if 'metrics' not in evaluator:
        evaluator = {'metrics': evaluator}
    kind = evaluator.get('type', 'Evaluator')
    if kind != 'Evaluator':
        raise InputError(
            f'--out: expected a test_evaluator of type Evaluator, found '
            f'{kind}. Leave out --out, or test one dataset at a time.'
        )
    metrics = evaluator['metrics']
    dump = 'mmvision_ext.DumpPredictions'
    if cfg.get('default_scope') == 'mmdet':
        dump = 'mmdet.DumpDetResults'
    cfg.test_evaluator = {
        **evaluator,
        'metrics': [
            *(metrics if isinstance(metrics, (list, tuple)) else [metrics]),
            {'type': dump, 'out_file_path': out},
        ],
    }


@contextmanager
def exit_on_input_error() -> Iterator[None]:
    """Turn an error that the user can mend into one message.

    Raises:
        SystemExit: With status 2 in the place of an
            :class:`~mmvision_ext.utils.InputError`.
    """
    try:
        yield
    except InputError as error:
        print(f'error: {_own_text(error)}', file=sys.stderr)
        raise SystemExit(2) from None


def _own_text(error: InputError) -> str:
    """The message, without the traceback that a worker's error brings."""
    text, kind = str(error), type(error)
    if not text.startswith('Caught '):
        return text
    return text.rpartition(f'\n{kind.__module__}.{kind.__qualname__}: ')[
        2
    ].strip()
