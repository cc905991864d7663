"""What ``mmvision study`` starts where there is no tools/train.py.

Alone in its folder: Python puts the folder of a script before all others, and
a neighbour could hide a module of the same name.
"""

from mmvision_ext.cli import run_tool

if __name__ == '__main__':
    run_tool('train', 'mmvision train')
