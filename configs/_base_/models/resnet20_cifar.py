# ResNet-20 for images of 32 px (https://arxiv.org/abs/1512.03385, section
# 4.2). Shortcut B, a 1x1 convolution where the size changes: the published
# CIFAR-100 accuracies, 68.83 for depth 20, were trained with it
# (https://github.com/chenyaofo/pytorch-cifar-models).
model = dict(
    type='mmvision_ext.BatchClassifier',
    backbone=dict(type='mmvision_ext.CifarResNet', depth=20, shortcut='B'),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(
        type='LinearClsHead',
        num_classes=100,
        in_channels=64,
        loss=dict(type='CrossEntropyLoss'),
        topk=(1, 5),
    ),
)
