# HorNet-T (https://arxiv.org/abs/2207.14284) with 7x7 convolutions, as
# published for 224 px.
backbone = dict(
    type='HorNet',
    arch='tiny',
    drop_path_rate=0.2,
    init_cfg=[
        dict(
            type='TruncNormal', layer=['Conv2d', 'Linear'], std=0.02, bias=0.0
        ),
        dict(type='Constant', layer='LayerScale', val=1e-6),
    ],
)
model = dict(
    type='mmvision_ext.BatchClassifier',
    backbone=backbone,  # averages over positions itself
    head=dict(
        type='LinearClsHead',
        num_classes=100,
        in_channels=512,
        loss=dict(
            type='LabelSmoothLoss', label_smooth_val=0.1, num_classes=100
        ),
        topk=(1, 5),
        init_cfg=dict(type='TruncNormal', layer='Linear', std=0.02),
    ),
)
