# LSKNet-T (https://arxiv.org/abs/2303.09030) as published, 4.01 M parameters
# (4,012,050), behind a stem for 32 px: a 3x3 convolution of stride 2 in place
# of 7x7 of stride 4, so that the stages have 16, 8, 4 and 2 px.
_base_ = [
    '../_base_/datasets/cifar100_modern.py',
    '../_base_/schedules/adamw_cifar_200e.py',
    '../_base_/default_runtime_cifar.py',
]

model = dict(
    type='mmvision_ext.BatchClassifier',
    backbone=dict(
        type='mmvision_ext.LSKNet',
        arch='tiny',
        stem_kernel_size=3,
        stem_stride=2,
        drop_path_rate=0.1,
    ),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(
        type='LinearClsHead',
        num_classes=100,
        in_channels=256,
        loss=dict(
            type='LabelSmoothLoss', label_smooth_val=0.1, num_classes=100
        ),
        topk=(1, 5),
        init_cfg=dict(type='TruncNormal', layer='Linear', std=0.02),
    ),
)
