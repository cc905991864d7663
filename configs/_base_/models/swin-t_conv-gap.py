# Swin-T (https://arxiv.org/abs/2103.14030): attention in shifted windows.
model = dict(
    type='ImageClassifier',
    data_preprocessor=dict(
        num_classes=101,
        mean=[123.675, 116.28, 103.53],  # RGB
        std=[58.395, 57.12, 57.375],
        to_rgb=True,
    ),
    backbone=dict(
        type='SwinTransformer',
        arch='tiny',
        img_size=224,
        drop_path_rate=0.2,
        init_cfg=dict(
            type='Pretrained',
            checkpoint='https://mmassets.onedl.ai/mmclassification/v0/'
            'swin-transformer/'
            'swin_tiny_224_b16x64_300e_imagenet_20210616_090925-66df6be6.pth',
            prefix='backbone',
        ),
    ),
    head=dict(
        type='mmvision_ext.ConvGAPHead',
        num_classes=101,
        in_channels=768,
        topk=(1, 5),
        cal_acc=True,
    ),
)
