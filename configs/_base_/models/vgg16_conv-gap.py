# VGG-16 without batch normalisation (https://arxiv.org/abs/1409.1556): its
# convolutions, then 1x1 convolution and pooling in the place of fc6 to fc8.
_base_ = './conv-gap.py'

model = dict(
    backbone=dict(
        type='VGG',
        depth=16,
        init_cfg=dict(
            type='Pretrained',
            checkpoint='https://mmassets.onedl.ai/mmclassification/v0/'
            'vgg/'
            'vgg16_batch256_imagenet_20210208-db26f1a5.pth',
            prefix='backbone',
        ),
    ),
    head=dict(in_channels=512),
)
