"""Run a study and collect its results; ``--help`` shows how."""

from mmvision_ext.cli import run_tool

if __name__ == '__main__':
    run_tool('study', 'python tools/run_study.py')
