"""Find objects in images, or classify them, and draw it."""

from mmvision_ext.cli.prediction import add_detection, run_demo

EXAMPLE = r"""
    PROG photo.jpg configs/mask_rcnn/mask-rcnn_r50_fpn_1xb8-24e_voc.py \
        work_dirs/mask-rcnn_r50_fpn_1xb8-24e_voc/epoch_24.pth \
        --out work_dirs/demo
"""

if __name__ == '__main__':
    run_demo(
        'python projects/demo/image_demo.py',
        __doc__,
        EXAMPLE,
        ('detection', 'classification'),
        add_detection,
    )
