"""Draw samples of a config's dataset; ``--help`` shows how."""

from mmvision_ext.cli import run_tool

if __name__ == '__main__':
    run_tool('browse', 'python tools/analysis_tools/browse_dataset.py')
