# Light Sparse R-CNN for CPUs, from ImageNet weights.
_base_ = [
    '../_base_/models/sparse-rcnn_r50_fpn.py',
    '../_base_/models/mobilenet-v2.py',
    '../_base_/datasets/voc_detection_small.py',
    '../_base_/schedules/adamw_36e.py',
    '../_base_/default_runtime_det.py',
]

width = 128  # channels of the pyramid; 256 in the full model
num_stages = 4
num_proposals = 100

stage = _base_.model.roi_head.bbox_head[0]
stage.update(in_channels=width, feedforward_channels=512)
stage.dynamic_conv_cfg.update(
    in_channels=width, feat_channels=32, out_channels=width
)
model = dict(
    backbone=dict(_delete_=True, **_base_.mobilenet_v2),
    neck=dict(in_channels=_base_.mobilenet_v2_channels, out_channels=width),
    rpn_head=dict(num_proposals=num_proposals, proposal_feature_channel=width),
    roi_head=dict(
        num_stages=num_stages,
        stage_loss_weights=[1] * num_stages,
        proposal_feature_channel=width,
        bbox_roi_extractor=dict(out_channels=width),
        bbox_head=[stage] * num_stages,
    ),
    train_cfg=dict(rcnn=_base_.model.train_cfg.rcnn[:num_stages]),
    test_cfg=dict(rcnn=dict(max_per_img=num_proposals)),
)
