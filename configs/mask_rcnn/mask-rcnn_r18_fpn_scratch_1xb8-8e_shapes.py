# Small Mask R-CNN trained from random weights in minutes on a CPU, on the
# generated devkit of mmvision_ext.testing.make_shapes_devkit.
_base_ = [
    'mmdet::_base_/models/mask-rcnn_r50_fpn.py',
    '../_base_/datasets/shapes_instance.py',
    '../_base_/schedules/adamw_scratch_8e.py',
    '../_base_/default_runtime_det.py',
]

width = 64  # channels of the pyramid; 256 in the full model
strides = [8, 16, 32]  # shapes are 40 to 80 px: no level at stride 4
roi_extractor = dict(
    roi_layer=dict(sampling_ratio=1),
    out_channels=width,
    featmap_strides=strides,
)
model = dict(
    backbone=dict(
        depth=18,
        base_channels=32,  # half of ResNet-18
        frozen_stages=-1,
        norm_eval=False,
        init_cfg=None,
    ),
    neck=dict(
        in_channels=[32, 64, 128, 256],
        start_level=1,
        out_channels=width,
        num_outs=len(strides),
        norm_cfg=dict(type='BN', requires_grad=True),
    ),
    rpn_head=dict(
        in_channels=width,
        feat_channels=width,
        anchor_generator=dict(scales=[4], strides=strides),
    ),
    roi_head=dict(
        bbox_roi_extractor=roi_extractor,
        bbox_head=dict(in_channels=width, fc_out_channels=256, num_classes=3),
        mask_roi_extractor=roi_extractor,
        mask_head=dict(
            num_convs=2,
            in_channels=width,
            conv_out_channels=width // 2,
            num_classes=3,
        ),
    ),
    # At most four objects an image: fewer samples and proposals suffice.
    train_cfg=dict(
        rpn=dict(sampler=dict(num=64)),
        rpn_proposal=dict(nms_pre=200, max_per_img=100),
        rcnn=dict(sampler=dict(num=32)),
    ),
    test_cfg=dict(
        rpn=dict(nms_pre=200, max_per_img=100), rcnn=dict(max_per_img=20)
    ),
)
