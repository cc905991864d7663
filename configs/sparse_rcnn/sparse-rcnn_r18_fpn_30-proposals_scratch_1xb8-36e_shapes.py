# Small Sparse R-CNN from random weights on the generated devkit: shows the
# whole path on a CPU. It starves on so few images; see the folder's README.
_base_ = [
    '../_base_/models/sparse-rcnn_r50_fpn.py',
    '../_base_/datasets/shapes_detection.py',
    '../_base_/schedules/adamw_scratch_8e.py',
    '../_base_/default_runtime_det.py',
]

width = 64  # channels of the pyramid; 256 in the full model
num_stages = 3
num_proposals = 30
max_epochs = 36

stage = _base_.model.roi_head.bbox_head[0]
stage.update(num_classes=3, in_channels=width, feedforward_channels=256)
stage.dynamic_conv_cfg.update(
    in_channels=width, feat_channels=32, out_channels=width
)
model = dict(
    backbone=dict(
        depth=18,
        base_channels=32,  # half of ResNet-18
        frozen_stages=-1,
        norm_eval=False,
        init_cfg=None,
    ),
    neck=dict(in_channels=[32, 64, 128, 256], out_channels=width),
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

train_cfg = dict(max_epochs=max_epochs, val_interval=12)
param_scheduler = _base_.param_scheduler
param_scheduler[1].update(end=max_epochs, T_max=max_epochs)
optim_wrapper = dict(
    optimizer=dict(lr=0.0005), clip_grad=dict(max_norm=1, norm_type=2)
)
