# ResNet-18 (https://arxiv.org/abs/1512.03385), 1x1 convolution and pooling.
model = dict(
    type='ImageClassifier',
    data_preprocessor=dict(
        num_classes=101,
        mean=[123.675, 116.28, 103.53],  # RGB
        std=[58.395, 57.12, 57.375],
        to_rgb=True,
    ),
    backbone=dict(
        type='ResNet',
        depth=18,
        init_cfg=dict(type='Pretrained', checkpoint='torchvision://resnet18'),
    ),
    head=dict(
        type='mmvision_ext.ConvGAPHead',
        num_classes=101,
        in_channels=512,
        topk=(1, 5),
        cal_acc=True,
    ),
)
