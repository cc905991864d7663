# ResNet-18 (https://arxiv.org/abs/1512.03385), 1x1 convolution and pooling.
_base_ = './conv-gap.py'

model = dict(
    backbone=dict(
        type='ResNet',
        depth=18,
        init_cfg=dict(type='Pretrained', checkpoint='torchvision://resnet18'),
    ),
    head=dict(in_channels=512),
)
