# Light Faster R-CNN with attributes on aPascal, for CPUs.
_base_ = [
    'mmdet::_base_/models/faster-rcnn_r50_fpn.py',
    '../_base_/models/mobilenet-v2.py',
    '../_base_/datasets/apascal_detection_small.py',
    '../_base_/schedules/sgd_24e.py',
    '../_base_/default_runtime_det.py',
]

width = 128  # channels of the pyramid; 256 in the full model
model = dict(
    backbone=dict(_delete_=True, **_base_.mobilenet_v2),
    neck=dict(in_channels=_base_.mobilenet_v2_channels, out_channels=width),
    rpn_head=dict(in_channels=width, feat_channels=width),
    roi_head=dict(
        type='mmvision_ext.AttributeRoIHead',
        # Two samples a bin side: adaptive sampling costs a CPU four times as
        # much.
        bbox_roi_extractor=dict(
            roi_layer=dict(sampling_ratio=2), out_channels=width
        ),
        bbox_head=dict(in_channels=width, fc_out_channels=512, num_classes=20),
        attribute_head=dict(num_classes=64, in_channels=width),
    ),
    # Half the proposals and samples of the full model.
    train_cfg=dict(
        rpn_proposal=dict(nms_pre=1000, max_per_img=500),
        rcnn=dict(sampler=dict(num=128)),
    ),
    test_cfg=dict(rpn=dict(nms_pre=500, max_per_img=300)),
)
# bfloat16 where the hardware has it, and laid out for it
optim_wrapper = dict(type='mmvision_ext.MixedPrecisionOptimWrapper')
custom_hooks = [dict(type='mmvision_ext.ChannelsLastHook')]
default_hooks = dict(checkpoint=dict(save_best='attributes/mAP'))
