"""``mmvision predict``: any model on any input."""

import argparse

from .prediction import (
    CHECKPOINT,
    INPUT,
    MODEL,
    add_attributes,
    add_detection,
    add_shared,
    add_words,
    predict,
)

HELP = """Find objects, classes or attributes in images and videos.

What is found follows from the config: objects and their masks, words, one
class an image, or attributes. Pictures and a JSON file are written to --out;
a video becomes a video."""
EXAMPLE = r"""
    PROG mask-rcnn_mobilenet-v2_fpn_1xb8-24e_voc \
        work_dirs/mask-rcnn_mobilenet-v2_fpn_1xb8-24e_voc/epoch_24.pth \
        photo.jpg --out work_dirs/predictions
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments.

    Args:
        parser: The command line.
    """
    parser.add_argument('model', help=MODEL)
    parser.add_argument('checkpoint', help=CHECKPOINT)
    parser.add_argument('input', help=INPUT)
    add_shared(parser)
    add_detection(parser)
    add_attributes(parser)
    add_words(parser)


def run(args: argparse.Namespace) -> None:
    """Predict.

    Args:
        args: The command line.
    """
    from mmvision_ext.engine.launch import exit_on_input_error

    with exit_on_input_error():
        from mmvision_ext.apis.task import TASKS

        predict(args, TASKS)
