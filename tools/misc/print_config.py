r"""Print a config with its bases merged, or where one of its keys was set.

Examples:
    python tools/misc/print_config.py \
        configs/mask_rcnn/mask-rcnn_r50_fpn_1xb8-24e_voc.py
    python tools/misc/print_config.py \
        configs/mask_rcnn/mask-rcnn_r50_fpn_1xb8-24e_voc.py \
        --explain model.roi_head.bbox_head.num_classes
"""

from mmvision_ext.engine.launch import exit_on_input_error
from mmvision_ext.utils.arguments import tool_parser
from mmvision_ext.utils.config.explain import explain, explanation
from mmvision_ext.utils.config.options import merge_options
from mmvision_ext.utils.config.read import read_config
from mmvision_ext.utils.model_index import find_config


def main() -> None:
    """Print the config or the history of a key."""
    parser = tool_parser(__doc__, cfg_options=True)
    parser.add_argument('config', help='config file, or name of a config')
    parser.add_argument(
        '--explain',
        metavar='KEY',
        help='dotted key, such as train_dataloader.dataset.pipeline.0.type: '
        'print its value, the file and line that set it, and the files that '
        'it overrode',
    )
    args = parser.parse_args()
    options = args.cfg_options or {}
    with exit_on_input_error():
        path = find_config(args.config)
        if args.explain is not None:
            found = explain(path, args.explain, options)
            print(explanation(args.explain, *found))
            return
        config = read_config(path)
        merge_options(config, options)
        print(config.pretty_text)


if __name__ == '__main__':
    main()
