# What the object attribute models share: ImageNet's normalisation, pooling,
# and a head in - 512 - attributes with dropout. A model gives its backbone and
# that one's channels, a config the number of attributes.
model = dict(
    type='ImageClassifier',
    data_preprocessor=dict(
        mean=[123.675, 116.28, 103.53],  # RGB
        std=[58.395, 57.12, 57.375],
        to_rgb=True,
    ),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(
        type='mmvision_ext.AttributeHead',
        hidden_channels=512,
        dropout=0.5,
        loss=dict(type='mmvision_ext.AttributeBCELoss'),
    ),
)
