# SegNeXt's encoder (https://arxiv.org/abs/2209.08575) reduced from MSCAN-T's
# 3.93 M parameters at 100 classes to 0.85 M (854,484):
# - channels 24, 48, 80, 112 in place of 32, 64, 160, 256
# - blocks 2, 2, 5, 1 in place of 3, 3, 5, 2
# - the stem's strides are 2 and 1 in place of 2 and 2: stages at 16, 8, 4 and
#   2 px. (1, 1) keeps 32 px at three times the cost.
# Crop and flip only, as for the CIFAR ResNets of its size.
_base_ = [
    '../_base_/datasets/cifar100.py',
    '../_base_/schedules/adamw_cifar_200e.py',
    '../_base_/default_runtime_cifar.py',
]

model = dict(
    type='mmvision_ext.BatchClassifier',
    backbone=dict(
        type='mmvision_ext.MSCAN',
        arch=dict(
            embed_dims=[24, 48, 80, 112],
            depths=[2, 2, 5, 1],
            ffn_ratios=[8, 8, 4, 4],
        ),
        stem_strides=(2, 1),
        drop_path_rate=0.0,  # 0.1 for MSCAN-T; this one is too small
    ),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(
        type='LinearClsHead',
        num_classes=100,
        in_channels=112,
        loss=dict(
            type='LabelSmoothLoss', label_smooth_val=0.1, num_classes=100
        ),
        topk=(1, 5),
        init_cfg=dict(type='TruncNormal', layer='Linear', std=0.02),
    ),
)
