r"""Prune a classifier, fine-tune it, and measure it at every stage.

--method structured removes whole channels: smaller and faster. --method
magnitude sets single weights to zero: smaller only when compressed, and not
faster. Writes pruned_config.py (which every tool takes), pruned.pth,
finetuned.pth and pruning.csv.

Example:
    python tools/deployment/prune.py \
        configs/caltech101/mobilenet-v2_conv-gap_two-phase_\
1xb32-50e_caltech101.py \
        work_dirs/mobilenet-v2/epoch_50.pth --ratio 0.3 --epochs 10 \
        --out work_dirs/mobilenet-v2_pruned
"""

import argparse
from pathlib import Path

from mmvision_ext.engine.launch import exit_on_input_error
from mmvision_ext.utils.arguments import tool_parser
from mmvision_ext.utils.provenance import command_line


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(
        __doc__, model=True, out='folder for the results', cfg_options=True
    )
    parser.add_argument(
        '--method',
        choices=['structured', 'magnitude'],
        default='structured',
        help='remove channels (default) or single weights',
    )
    amount = parser.add_mutually_exclusive_group(required=True)
    amount.add_argument(
        '--ratio',
        type=float,
        help='share of the channels of each layer, or of all weights, to '
        'remove',
    )
    amount.add_argument(
        '--target-flops',
        type=float,
        help='structured: share of the multiply-adds to keep',
    )
    parser.add_argument(
        '--epochs',
        type=int,
        default=5,
        help='epochs of fine-tuning (default: 5)',
    )
    parser.add_argument(
        '--lr',
        type=float,
        help='first learning rate of fine-tuning, which falls to 0 by a '
        "cosine (default: a tenth of the config's)",
    )
    parser.add_argument(
        '--threads', type=int, default=1, help='of the latency (default: 1)'
    )
    parser.add_argument(
        '--rounds', type=int, default=100, help='calls to time (default: 100)'
    )
    return parser.parse_args()


def main() -> None:
    """Prune, fine-tune, measure, print and write."""
    args = parse_args()
    with exit_on_input_error():
        from mmvision_ext.apis.model import load_config
        from mmvision_ext.deployment.prune import (
            PruningPlan,
            compare_pruned,
            prune_and_finetune,
        )
        from mmvision_ext.deployment.report import print_report, write_csv
        from mmvision_ext.utils.output_folder import check_folder

        check_folder(args.out)
        config = load_config(args.config, args.cfg_options)
        plan = PruningPlan(
            args.method, args.ratio, args.target_flops, args.epochs, args.lr
        )
        files = prune_and_finetune(config, args.checkpoint, args.out, plan)
        stages, protocol = compare_pruned(
            config,
            args.checkpoint,
            files,
            plan,
            args.threads,
            args.rounds,
            command_line(),
        )
        print_report('Pruning', stages, protocol)
        print(write_csv(stages, protocol, Path(args.out, 'pruning.csv')))


if __name__ == '__main__':
    main()
