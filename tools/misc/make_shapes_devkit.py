"""Write the generated VOC devkit of textured shapes, with masks.

Example:
    python tools/misc/make_shapes_devkit.py work_dirs/shapes/VOC2012
"""

from mmvision_ext.engine.launch import exit_on_input_error
from mmvision_ext.testing import SHAPE_CLASSES, make_shapes_devkit
from mmvision_ext.utils.arguments import tool_parser


def main() -> None:
    """Read the command line and write the devkit."""
    parser = tool_parser(__doc__)
    parser.add_argument('root', help='year folder to make')
    for option, value, what in (
        ('--num-train', 960, 'training images'),
        ('--num-val', 80, 'validation images'),
        ('--image-size', 128, 'height and width in pixels'),
        ('--seed', 0, 'the same seed gives the same images'),
    ):
        parser.add_argument(
            option,
            type=int,
            default=value,
            help=f'{what}, default: %(default)s',
        )
    args = parser.parse_args()
    with exit_on_input_error():
        make_shapes_devkit(
            args.root, args.num_train, args.num_val, args.image_size, args.seed
        )
    print(
        f'{args.num_train} training and {args.num_val} validation images '
        f'of {", ".join(SHAPE_CLASSES)} in {args.root}'
    )


if __name__ == '__main__':
    main()
