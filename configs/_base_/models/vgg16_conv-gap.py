# VGG-16 without batch normalisation (https://arxiv.org/abs/1409.1556): its
# convolutions, then 1x1 convolution and pooling in the place of fc6 to fc8.
model = dict(
    type='ImageClassifier',
    data_preprocessor=dict(
        num_classes=101,
        mean=[123.675, 116.28, 103.53],  # RGB
        std=[58.395, 57.12, 57.375],
        to_rgb=True,
    ),
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
    head=dict(
        type='mmvision_ext.ConvGAPHead',
        num_classes=101,
        in_channels=512,
        topk=(1, 5),
        cal_acc=True,
    ),
)
