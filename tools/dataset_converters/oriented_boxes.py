"""Convert oriented VOC-style annotations, such as DIOR-R's, to horizontal.

The box of an object becomes the smallest horizontal one around its four
corners, within the image; the rest of each file stays as it is.

Example:
    python tools/dataset_converters/oriented_boxes.py \\
        "data/dior/Annotations/Oriented Bounding Boxes" \\
        --out "data/dior/Annotations/From Oriented"
"""

from mmvision_ext.datasets.oriented_boxes import convert_oriented
from mmvision_ext.engine.launch import exit_on_input_error
from mmvision_ext.utils.arguments import tool_parser
from mmvision_ext.utils.output_folder import check_folder


def main() -> None:
    """Read the command line and convert."""
    parser = tool_parser(__doc__, out='folder for the horizontal annotations')
    parser.add_argument('source', help='folder of oriented .xml files')
    args = parser.parse_args()
    check_folder(args.out)
    count = convert_oriented(args.source, args.out)
    print(f'{args.out}: {count.text()}')


if __name__ == '__main__':
    with exit_on_input_error():
        main()
