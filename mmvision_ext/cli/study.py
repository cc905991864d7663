"""``mmvision study`` and ``tools/run_study.py``."""

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mmvision_ext.utils.arguments import KeyValues

if TYPE_CHECKING:
    from mmvision_ext.studies.plan import Run
    from mmvision_ext.studies.spec import Study

HELP = """Run a study: configs x seeds x overrides, and collect its results.

Finished runs are skipped, interrupted ones resumed; a run that fails does not
stop the others. Ctrl-C ends the trainings; the same command goes on later.
Results are written to the folder results beside the study file."""
EXAMPLE = r"""
    PROG projects/example_project/study.yaml --dry-run
    PROG projects/example_project/study.yaml
    PROG projects/caltech101_transfer/study.yaml --redraw
    PROG projects/caltech101_transfer/study.yaml \
        --only '*_seed0' --slurm slurm_partition=gpu gpus_per_node=1 \
        timeout_min=600
"""
PACKAGE = Path(__file__).resolve().parents[1]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments.

    Args:
        parser: The command line.
    """
    parser.add_argument('study', help='study file, projects/NAME/study.yaml')
    parser.add_argument(
        '--only', metavar='PATTERN', help="runs by name, such as '*_seed0'"
    )
    parser.add_argument(
        '--work-dir', help='folder of the runs; without it work_dirs/NAME'
    )
    parser.add_argument(
        '--workers',
        type=int,
        help='trainings at a time; without it one a GPU, or one on a CPU',
    )
    parser.add_argument(
        '--slurm',
        nargs='*',
        action=KeyValues,
        metavar='KEY=VALUE',
        help='train in Slurm jobs, with parameters as submitit names them: '
        'slurm_partition=gpu gpus_per_node=1 timeout_min=600',
    )
    parser.add_argument(
        '--rerun-stale',
        action='store_true',
        help='move runs of a changed config aside and train them anew',
    )
    how = parser.add_mutually_exclusive_group()
    how.add_argument(
        '--dry-run', action='store_true', help='show what would be done'
    )
    how.add_argument(
        '--collect-only', action='store_true', help='write the results only'
    )
    how.add_argument(
        '--redraw',
        action='store_true',
        help='write tables and charts from results/*.csv alone',
    )


def train_script() -> str:
    """The script that trains one run.

    Returns:
        ``tools/train.py`` of the checkout, or, where the package was
        installed without one, its own; relative to the current folder.
    """
    tool = PACKAGE.parent / 'tools' / 'train.py'
    own = PACKAGE / 'cli' / 'script' / 'train.py'
    return os.path.relpath(tool if tool.is_file() else own)


def run(args: argparse.Namespace) -> int:
    """Train what is not finished, then write the results.

    Args:
        args: The command line.

    Returns:
        Exit status: 1 when runs are not finished.
    """
    from mmvision_ext.engine.launch import exit_on_input_error

    with exit_on_input_error():
        from mmvision_ext.studies import study_runner
        from mmvision_ext.studies.plan import plan_runs, select_runs
        from mmvision_ext.studies.spec import read_study

        study = read_study(args.study)
        if args.redraw:
            for line in study_runner.redraw_study(study):
                print(line)
            return 0
        runs = plan_runs(study, args.work_dir)
        chosen = select_runs(runs, args.only)
        if args.dry_run:
            for line in study_runner.describe_plan(chosen, train_script()):
                print(line)
            return 0
        message = '' if args.collect_only else _train(chosen, args)
        _collect(study, runs, message)
    return int(bool(message))


def _train(runs: 'tuple[Run, ...]', args: argparse.Namespace) -> str:
    """Train what is not finished; says what is still not."""
    from rich.console import Console

    from mmvision_ext.studies import study_runner

    try:
        statuses = study_runner.run_study(
            runs,
            train_script(),
            study_runner.Workers(args.workers, args.slurm),
            args.rerun_stale,
            Console(stderr=True),
        )
    except KeyboardInterrupt:
        print(
            'stopped; the same command goes on from the last checkpoints',
            file=sys.stderr,
        )
        raise SystemExit(130) from None
    message = study_runner.unfinished(runs, statuses)
    if message:
        print(f'error: {message}', file=sys.stderr)
    return message


def _collect(study: 'Study', runs: 'tuple[Run, ...]', message: str) -> None:
    """Write the results; where there are none, the reason comes first."""
    from mmvision_ext.studies import study_runner
    from mmvision_ext.utils import InputError

    try:
        for line in study_runner.collect_study(study, runs):
            print(line)
    except InputError as error:
        if not message:
            raise
        print(f'error: {error}', file=sys.stderr)
