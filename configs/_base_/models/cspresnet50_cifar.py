# CSPResNet-50 (https://arxiv.org/abs/1911.11929), as published for 224 px.
backbone = dict(type='CSPResNet', depth=50)
model = dict(
    type='mmvision_ext.BatchClassifier',
    backbone=backbone,
    neck=dict(type='GlobalAveragePooling'),
    head=dict(
        type='LinearClsHead',
        num_classes=100,
        in_channels=1024,
        loss=dict(type='CrossEntropyLoss'),
        topk=(1, 5),
    ),
)
