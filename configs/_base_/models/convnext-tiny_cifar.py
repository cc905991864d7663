# ConvNeXt-T (https://arxiv.org/abs/2201.03545), as published for 224 px.
backbone = dict(type='ConvNeXt', arch='tiny', drop_path_rate=0.1)
model = dict(
    type='mmvision_ext.BatchClassifier',
    backbone=backbone,  # averages over positions itself
    head=dict(
        type='LinearClsHead',
        num_classes=100,
        in_channels=768,
        loss=dict(
            type='LabelSmoothLoss', label_smooth_val=0.1, num_classes=100
        ),
        topk=(1, 5),
        init_cfg=dict(type='TruncNormal', layer='Linear', std=0.02),
    ),
)
