"""Tell the attributes of images and draw them as bars."""

from mmvision_ext.cli.prediction import add_attributes, run_demo

EXAMPLE = r"""
    PROG photo.jpg \
        configs/coco_attributes/efficientnet-lite0_1xb16-30e_apascal.py \
        work_dirs/efficientnet-lite0_1xb16-30e_apascal/epoch_30.pth \
        --out work_dirs/demo
"""

if __name__ == '__main__':
    run_demo(
        'python projects/demo/attribute_demo.py',
        __doc__,
        EXAMPLE,
        ('attributes',),
        add_attributes,
    )
