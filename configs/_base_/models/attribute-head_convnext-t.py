# ConvNeXt-T (https://arxiv.org/abs/2201.03545), which pools itself.
_base_ = './attribute-head.py'

model = dict(
    backbone=dict(
        type='ConvNeXt',
        arch='tiny',
        drop_path_rate=0.1,
        init_cfg=dict(
            type='Pretrained',
            checkpoint='https://mmassets.onedl.ai/mmclassification/v0/'
            'convnext/convnext-tiny_32xb128_in1k_20221207-998cf3e9.pth',
            prefix='backbone',
        ),
    ),
    neck=None,
    head=dict(in_channels=768),
)
