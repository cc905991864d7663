"""Write a checkpoint to give away: weights and class names, no training state.

Optimizer, schedules, logs and random numbers stay behind, and the config loses
what inference does not need, absolute paths and credentials. The name gets the
first 8 digits of the file's sha256, as OpenMMLab's have them: whoever
downloads the file by this name has it compared.

Example:
    python tools/model_converters/publish_model.py \\
        work_dirs/mask-rcnn_r50_fpn_1xb8-24e_voc/epoch_24.pth \\
        checkpoints/mask-rcnn_r50_fpn_1xb8-24e_voc.pth
"""

import argparse

from mmvision_ext.engine.checkpointing.publish import publish
from mmvision_ext.engine.launch import exit_on_input_error
from mmvision_ext.utils.arguments import add_trust_checkpoint, tool_parser


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__)
    parser.add_argument('source', help='checkpoint of a training')
    parser.add_argument('out', help='name to write, *.pth or *.safetensors')
    add_trust_checkpoint(parser)
    return parser.parse_args()


def main() -> None:
    """Write the file and say what it is."""
    args = parse_args()
    with exit_on_input_error():
        done = publish(args.source, args.out)
    for note in done.notes:
        print(note)
    print(
        f'{done.path}: {done.bytes / 1e6:,.1f} MB of '
        f'{done.source_bytes / 1e6:,.1f} MB'
    )
    print(f'sha256 {done.sha256}')


if __name__ == '__main__':
    main()
