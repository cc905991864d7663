r"""Run a study: configs x seeds x overrides, and collect its results.

Finished runs are skipped, interrupted ones resumed; a run that fails does not
stop the others. Ctrl-C ends the trainings; the same command goes on later.
Results are written to the folder results beside the study file.

Example:
    python tools/run_study.py projects/example_project/study.yaml --dry-run
    python tools/run_study.py projects/example_project/study.yaml
    python tools/run_study.py projects/caltech101_transfer/study.yaml --redraw
    python tools/run_study.py projects/caltech101_transfer/study.yaml \
        --only '*_seed0' --slurm slurm_partition=gpu gpus_per_node=1 \
        timeout_min=600
"""

import argparse
import os
import sys
from pathlib import Path

from mmengine.config import DictAction

from mmvision_ext.engine.launch import exit_on_input_error
from mmvision_ext.utils import InputError


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
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
        action=DictAction,
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
    return parser.parse_args()


def main() -> None:
    """Train what is not finished, then write the results."""
    args = parse_args()
    with exit_on_input_error():
        from rich.console import Console

        from mmvision_ext.studies import study_runner
        from mmvision_ext.studies.plan import plan_runs, select_runs
        from mmvision_ext.studies.spec import read_study

        script = os.path.relpath(Path(__file__).with_name('train.py'))
        study = read_study(args.study)
        if args.redraw:
            for line in study_runner.redraw_study(study):
                print(line)
            return
        runs = plan_runs(study, args.work_dir)
        chosen = select_runs(runs, args.only)
        if args.dry_run:
            for line in study_runner.describe_plan(chosen, script):
                print(line)
            return
        message = ''
        if not args.collect_only:
            try:
                statuses = study_runner.run_study(
                    chosen,
                    script,
                    study_runner.Workers(args.workers, args.slurm),
                    args.rerun_stale,
                    Console(stderr=True),
                )
            except KeyboardInterrupt:
                print(
                    'stopped; the same command goes on from the last '
                    'checkpoints',
                    file=sys.stderr,
                )
                raise SystemExit(130) from None
            message = study_runner.unfinished(chosen, statuses)
            if message:
                print(f'error: {message}', file=sys.stderr)
        try:
            for line in study_runner.collect_study(study, runs):
                print(line)
        except InputError as error:
            if not message:
                raise
            print(f'error: {error}', file=sys.stderr)
        if message:
            raise SystemExit(1)


if __name__ == '__main__':
    main()
