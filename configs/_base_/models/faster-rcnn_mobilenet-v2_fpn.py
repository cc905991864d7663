# Light Faster R-CNN for CPUs, from ImageNet weights.
_base_ = ['mmdet::_base_/models/faster-rcnn_r50_fpn.py', './mobilenet-v2.py']

width = 128  # channels of the pyramid; 256 in the full model
model = dict(
    backbone=dict(_delete_=True, **_base_.mobilenet_v2),
    neck=dict(in_channels=_base_.mobilenet_v2_channels, out_channels=width),
    rpn_head=dict(in_channels=width, feat_channels=width),
    roi_head=dict(
        # Two samples a bin side: adaptive sampling costs a CPU four times as
        # much.
        bbox_roi_extractor=dict(
            roi_layer=dict(sampling_ratio=2), out_channels=width
        ),
        bbox_head=dict(in_channels=width, fc_out_channels=512),
    ),
    # Half the proposals and samples of the full model.
    train_cfg=dict(
        rpn_proposal=dict(nms_pre=1000, max_per_img=500),
        rcnn=dict(sampler=dict(num=128)),
    ),
    test_cfg=dict(rpn=dict(nms_pre=500, max_per_img=300)),
)
