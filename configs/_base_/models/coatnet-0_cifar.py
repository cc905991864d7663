# CoAtNet-0 (https://arxiv.org/abs/2106.04803) as timm's coatnet_0_rw, whose
# parameters are the table's; for 224 px.
backbone = dict(
    type='TIMMBackbone', model_name='coatnet_0_rw_224', drop_path_rate=0.2
)
model = dict(
    type='mmvision_ext.BatchClassifier',
    backbone=backbone,
    neck=dict(type='GlobalAveragePooling'),
    head=dict(
        type='LinearClsHead',
        num_classes=100,
        in_channels=768,
        loss=dict(
            type='LabelSmoothLoss', label_smooth_val=0.1, num_classes=100
        ),
        topk=(1, 5),
    ),
)
