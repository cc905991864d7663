# Light Mask R-CNN for CPUs, from ImageNet weights.
_base_ = [
    'mmdet::_base_/models/mask-rcnn_r50_fpn.py',
    '../_base_/models/mobilenet-v2.py',
    '../_base_/datasets/voc_instance_small.py',
    '../_base_/schedules/sgd_24e.py',
    '../_base_/default_runtime_det.py',
]

width = 128  # channels of the pyramid; 256 in the full model
# Two samples a bin side: adaptive sampling costs a CPU four times as much.
roi_layer = dict(sampling_ratio=2)
model = dict(
    backbone=dict(_delete_=True, **_base_.mobilenet_v2),
    neck=dict(in_channels=_base_.mobilenet_v2_channels, out_channels=width),
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
    # Half the proposals and samples of the full model. Objects marked
    # difficult, or without a mask, are neither object nor background.
    train_cfg=dict(
        rpn=dict(assigner=dict(ignore_iof_thr=0.5)),
        rpn_proposal=dict(nms_pre=1000, max_per_img=500),
        rcnn=dict(assigner=dict(ignore_iof_thr=0.5), sampler=dict(num=128)),
    ),
    test_cfg=dict(rpn=dict(nms_pre=500, max_per_img=300)),
)
