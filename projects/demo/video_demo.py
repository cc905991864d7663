"""Find objects, classes or attributes in a video, and draw a video."""

from mmvision_ext.cli.prediction import (
    add_attributes,
    add_detection,
    add_words,
    run_demo,
)

EXAMPLE = r"""
    PROG clip.mp4 configs/mask_rcnn/mask-rcnn_r50_fpn_1xb8-24e_voc.py \
        work_dirs/mask-rcnn_r50_fpn_1xb8-24e_voc/epoch_24.pth \
        --every 5 --out work_dirs/demo
"""

if __name__ == '__main__':
    run_demo(
        'python projects/demo/video_demo.py',
        __doc__,
        EXAMPLE,
        (
            'detection',
            'open-vocabulary detection',
            'classification',
            'attributes',
        ),
        add_detection,
        add_attributes,
        add_words,
    )
