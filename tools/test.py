"""Test a checkpoint by a config; ``--help`` shows how."""

from mmvision_ext.cli import run_tool

if __name__ == '__main__':
    run_tool('test', 'python tools/test.py')
