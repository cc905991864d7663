# GhostNet 1.0x (https://arxiv.org/abs/1911.11907) as timm's ghostnet_100, for
# 224 px. mmpretrain takes the pooling out of timm's networks; here it belongs
# in front of the last convolution. Dropout 0.2, as in the paper, is inside.
model = dict(
    type='mmvision_ext.BatchClassifier',
    backbone=dict(
        type='mmvision_ext.adapt_layers',
        backbone=dict(type='TIMMBackbone', model_name='ghostnet_100'),
        layers={'timm_model.global_pool': 'average'},
    ),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(
        type='LinearClsHead',
        num_classes=100,
        in_channels=1280,
        loss=dict(type='CrossEntropyLoss'),
        topk=(1, 5),
    ),
)
