"""Rename torchvision's or timm's weights for the backbone of a config.

The result goes into model.backbone.init_cfg.checkpoint. Where the names do
not fit, the layers are matched in order, and every shape is compared.

Example:
    python tools/model_converters/to_mmpretrain.py vgg16-397923af.pth \\
        configs/caltech101/vgg16_conv-gap_finetune_1xb32-50e_caltech101.py \\
        --out checkpoints/vgg16_in1k.pth
"""

from pathlib import Path

import torch
from mmengine.registry import MODELS, init_default_scope

from mmvision_ext.apis.model import config_faults, load_config
from mmvision_ext.engine.launch import exit_on_input_error
from mmvision_ext.models.backbones.convert import (
    convert_to_backbone,
    read_weights,
)
from mmvision_ext.ops import require
from mmvision_ext.utils.arguments import add_trust_checkpoint, tool_parser


def convert(weights: str, config: str | Path, out: Path) -> str:
    """Write the weights under the names of the config's backbone.

    Args:
        weights: File or http(s) address of a state dict.
        config: Config with ``model.backbone``.
        out: Checkpoint to write.

    Returns:
        The account of what was loaded, missing, mismatched and not used.
    """
    require()
    cfg = load_config(config)
    init_default_scope(cfg.get('default_scope', 'mmpretrain'))
    with config_faults(cfg, 'model'):
        backbone = MODELS.build(cfg.model.backbone)
    state, report = convert_to_backbone(read_weights(weights), backbone)
    report.require_match(weights)
    out.parent.mkdir(parents=True, exist_ok=True)
    torch.save(dict(state_dict=state), out)
    return report.summary(weights)


def main() -> None:
    """Read the command line and convert."""
    parser = tool_parser(__doc__, out='checkpoint to write')
    parser.add_argument(
        'weights', help='.pth or .safetensors file, or address of a .pth'
    )
    add_trust_checkpoint(parser)
    parser.add_argument('config', help='config with model.backbone')
    args = parser.parse_args()
    with exit_on_input_error():
        print(convert(args.weights, args.config, Path(args.out)))
    print(f'written to {args.out}')


if __name__ == '__main__':
    main()
