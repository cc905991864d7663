"""Write the generated VOC devkit of textured shapes, with masks.

Example:
    python tools/misc/make_shapes_devkit.py work_dirs/shapes/VOC2012
"""

import argparse

from mmvision_ext.testing import SHAPE_CLASSES, make_shapes_devkit


def main() -> None:
    """Read the command line and write the devkit."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument('root', help='year folder to make')
    parser.add_argument('--num-train', type=int, default=960, help='images')
    parser.add_argument('--num-val', type=int, default=80, help='images')
    parser.add_argument('--image-size', type=int, default=128, help='pixels')
    parser.add_argument('--seed', type=int, default=0)
    args = parser.parse_args()
    make_shapes_devkit(
        args.root, args.num_train, args.num_val, args.image_size, args.seed
    )
    print(
        f'{args.num_train} training and {args.num_val} validation images '
        f'of {", ".join(SHAPE_CLASSES)} in {args.root}'
    )


if __name__ == '__main__':
    main()
