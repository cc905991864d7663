# ResNet-50, of which the last block trains behind its first convolution:
# bn1 1,024 + conv2 2,359,296 + bn2 1,024 + conv3 1,048,576 + bn3 4,096 =
# 3,414,016 parameters, with the heads' 2,337,931 the 5,751,947 of the design.
_base_ = './cross-modal.py'

model = dict(
    backbone=dict(
        type='ResNet',
        depth=50,
        init_cfg=dict(type='Pretrained', checkpoint='torchvision://resnet50'),
    ),
    head=dict(in_channels=2048),
)
frozen = [
    'backbone.conv1',
    'backbone.bn1',
    'backbone.layer1',
    'backbone.layer2',
    'backbone.layer3',
    'backbone.layer4.0',
    'backbone.layer4.1',
    'backbone.layer4.2.conv1',
]
custom_hooks = [
    dict(type='mmvision_ext.FreezeHook', modules=frozen),
    dict(
        type='EarlyStoppingHook',
        monitor='attributes/mAP',
        rule='greater',
        min_delta=0.001,
        patience=10,  # evaluations
    ),
]
