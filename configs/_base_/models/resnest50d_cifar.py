# ResNeSt-50 (https://arxiv.org/abs/2004.08955), as published for 224 px. timm
# calls it resnest50d: three 3x3 convolutions as the stem, pooling in the
# shortcuts.
backbone = dict(type='ResNeSt', depth=50)
model = dict(
    type='mmvision_ext.BatchClassifier',
    backbone=backbone,
    neck=dict(type='GlobalAveragePooling'),
    head=dict(
        type='LinearClsHead',
        num_classes=100,
        in_channels=2048,
        loss=dict(
            type='LabelSmoothLoss', label_smooth_val=0.1, num_classes=100
        ),
        topk=(1, 5),
    ),
)
