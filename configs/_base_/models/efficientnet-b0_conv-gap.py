# EfficientNet-B0 (https://arxiv.org/abs/1905.11946).
model = dict(
    type='ImageClassifier',
    data_preprocessor=dict(
        num_classes=101,
        mean=[123.675, 116.28, 103.53],  # RGB
        std=[58.395, 57.12, 57.375],
        to_rgb=True,
    ),
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
    head=dict(
        type='mmvision_ext.ConvGAPHead',
        num_classes=101,
        in_channels=1280,
        dropout=0.2,
        topk=(1, 5),
        cal_acc=True,
    ),
)
