# ResNet-18 (https://arxiv.org/abs/1512.03385) with a 3x3 stem of stride 1 and
# no pooling after it: four stages at 32, 16, 8 and 4 px.
model = dict(
    type='mmvision_ext.BatchClassifier',
    backbone=dict(type='ResNet_CIFAR', depth=18),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(
        type='LinearClsHead',
        num_classes=100,
        in_channels=512,
        loss=dict(type='CrossEntropyLoss'),
        topk=(1, 5),
    ),
)
