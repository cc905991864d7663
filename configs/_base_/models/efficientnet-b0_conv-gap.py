# EfficientNet-B0 (https://arxiv.org/abs/1905.11946).
_base_ = './conv-gap.py'

model = dict(
    backbone=dict(
        type='EfficientNet',
        arch='b0',
        init_cfg=dict(
            type='Pretrained',
            checkpoint='https://mmassets.onedl.ai/mmclassification/v0/'
            'efficientnet/'
            'efficientnet-b0_3rdparty_8xb32-aa_in1k_20220119-8d939117.pth',
            prefix='backbone',
        ),
    ),
    head=dict(in_channels=1280, dropout=0.2),
)
