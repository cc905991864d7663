r"""Test a checkpoint and report: how good, how fast, with what.

Writes inference_report.md and inference_report.json; for attributes also
their tables and charts. InferenceReportHook writes the same after a test.

Example:
    python tools/analysis_tools/inference_report.py \
        configs/coconut/cross-modal_efficientnet-lite0_1xb16-30e_coco-cut.py \
        work_dirs/cross-modal_efficientnet-lite0_1xb16-30e_coco-cut/epoch_30.pth \
        --out work_dirs/inference_report
"""  # noqa: E501

import argparse

from mmvision_ext.engine.launch import exit_on_input_error
from mmvision_ext.utils.arguments import tool_parser


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    return tool_parser(
        __doc__,
        model=True,
        out='folder for the report and the log of the test',
        cfg_options=True,
    ).parse_args()


def main() -> None:
    """Test and write the report; the log names its files."""
    args = parse_args()
    with exit_on_input_error():
        from mmvision_ext.apis.inference_report import run_inference_report
        from mmvision_ext.utils.output_folder import check_folder

        check_folder(args.out)
        run_inference_report(
            args.config, args.checkpoint, args.out, args.cfg_options
        )


if __name__ == '__main__':
    main()
