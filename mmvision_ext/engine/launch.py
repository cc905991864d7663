"""What the command-line tools share: runner building and error messages."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from mmengine.config import Config
from mmengine.registry import RUNNERS
from mmengine.runner import Runner

from mmvision_ext.ops import require
from mmvision_ext.utils import InputError


def build_runner(cfg: Config) -> Runner:
    """Build the runner that a config asks for.

    Args:
        cfg: The complete config, with ``work_dir`` and ``launcher``.

    Returns:
        The runner named by ``runner_type``; mmengine's where none is named.

    Raises:
        MissingOpsError: If mmcv has neither compiled ops nor stand-ins.
    """
    require()
    return RUNNERS.build(cfg)


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
        print(f'error: {error}', file=sys.stderr)
        raise SystemExit(2) from None
