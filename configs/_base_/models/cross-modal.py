# What the cross-modal models share. Widths: visual projection in - 512 - 512,
# attribute encoder 139 - 512 - 512, fusion 1024 - 512, classifier 512 - 256 -
# 139. A model gives its backbone, that one's channels, and what is frozen.
model = dict(
    type='mmvision_ext.CrossModalAttributeClassifier',
    data_preprocessor=dict(
        mean=[123.675, 116.28, 103.53],  # RGB
        std=[58.395, 57.12, 57.375],
        to_rgb=True,
    ),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(
        type='mmvision_ext.CrossModalAttributeHead',
        num_classes=139,
        embed_channels=512,
        hidden_channels=256,
        dropout=0.3,
        hide_all=0.5,  # half of the samples as in testing: nothing is known
        loss=dict(type='mmvision_ext.AttributeBCELoss'),
        alignment=dict(
            type='mmvision_ext.ContrastiveAlignmentLoss', loss_weight=0.1
        ),
    ),
)
