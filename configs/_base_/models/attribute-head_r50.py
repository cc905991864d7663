# ResNet-50 (https://arxiv.org/abs/1512.03385): 2048 - 512 - attributes.
_base_ = './attribute-head.py'

model = dict(
    backbone=dict(
        type='ResNet',
        depth=50,
        init_cfg=dict(type='Pretrained', checkpoint='torchvision://resnet50'),
    ),
    head=dict(in_channels=2048),
)
