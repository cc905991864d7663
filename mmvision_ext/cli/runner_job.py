"""What training and testing share: a config, its launcher, a runner."""

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from mmvision_ext.utils import InputError
from mmvision_ext.utils.arguments import (
    add_cfg_options,
    add_launcher,
    add_trust_checkpoint,
)

if TYPE_CHECKING:
    from mmengine.config import Config
    from mmengine.runner import Runner


def add_job_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that both take.

    Args:
        parser: The command line.
    """
    add_cfg_options(parser)
    add_launcher(parser)
    add_trust_checkpoint(parser)


def check_checkpoint(path: str, argument: str) -> None:
    """Make sure that there is a checkpoint, before anything is built.

    Args:
        path: File or address.
        argument: The argument that names it, for messages.

    Raises:
        InputError: There is no such file, naming the nearest one of its
            folder.
    """
    from mmvision_ext.utils.config.file_check import is_lost
    from mmvision_ext.utils.nearest import did_you_mean

    if is_lost(path):
        names = [item.name for item in Path(path).parent.glob('*.pth')]
        raise InputError(
            f'{argument}: expected a checkpoint, found no file {path}'
            f'{did_you_mean(Path(path).name, names) or "."}'
        )


def run_job(
    args: argparse.Namespace,
    merge_args: Callable[['Config', argparse.Namespace], None],
    act: Callable[['Runner'], object],
) -> None:
    """Build the runner of a config and let it act.

    Args:
        args: The command line, with ``config``, ``work_dir`` and the options
            above.
        merge_args: Writes what else is on the command line into the config.
        act: What the runner does.

    Raises:
        SystemExit: An input cannot be used.
    """
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    from mmvision_ext.engine.distributed import report_failure
    from mmvision_ext.engine.launch import build_runner, exit_on_input_error
    from mmvision_ext.utils.config.options import merge_options
    from mmvision_ext.utils.config.read import read_config
    from mmvision_ext.utils.model_index import find_config
    from mmvision_ext.utils.output_folder import check_folder

    with exit_on_input_error(), report_failure():
        cfg = read_config(find_config(args.config))
        cfg.launcher = args.launcher
        if args.cfg_options is not None:
            merge_options(cfg, args.cfg_options)
        folder = Path('work_dirs') / Path(args.config).stem
        cfg.work_dir = args.work_dir or cfg.get('work_dir') or str(folder)
        check_folder(
            cfg.work_dir, '--work-dir' if args.work_dir else 'work_dir'
        )
        merge_args(cfg, args)
        act(build_runner(cfg))
