# What the CLIP attribute models share: CLIP's normalisation, and a head that
# classifies by words. A model gives its image tower and the embedding file.
model = dict(
    type='ImageClassifier',
    data_preprocessor=dict(
        mean=[122.7709, 116.7460, 104.0937],  # RGB, CLIP's times 255
        std=[68.5005, 66.6322, 70.3232],
        to_rgb=True,
    ),
    backbone=dict(type='mmvision_ext.OpenCLIPImageTower'),
    head=dict(
        type='mmvision_ext.TextAttributeHead',
        loss=dict(type='mmvision_ext.AttributeBCELoss'),
    ),
)
