# MLP-Mixer-B/16 (https://arxiv.org/abs/2105.01601), as published for 224 px:
# 196 tokens of 16x16 px.
model = dict(
    type='mmvision_ext.BatchClassifier',
    backbone=dict(
        type='MlpMixer',
        arch='base',
        img_size=224,
        patch_size=16,
        drop_path_rate=0.1,
        init_cfg=dict(
            type='Kaiming',
            layer='Conv2d',
            mode='fan_in',
            nonlinearity='linear',
        ),
    ),
    neck=dict(type='GlobalAveragePooling', dim=1),
    head=dict(
        type='LinearClsHead',
        num_classes=100,
        in_channels=768,
        loss=dict(
            type='LabelSmoothLoss', label_smooth_val=0.1, num_classes=100
        ),
        topk=(1, 5),
    ),
)
