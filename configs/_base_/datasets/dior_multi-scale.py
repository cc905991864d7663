# dior.py with images of five sizes in training.
_base_ = './dior.py'

# 800 px, and a quarter less and more in steps of 96 px.
scales = [(side, side) for side in (608, 704, 800, 896, 992)]
train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(type='mmvision_ext.RandomRotate90', prob=0.75),
    dict(type='RandomFlip', prob=0.5),
    dict(type='RandomChoiceResize', scales=scales, keep_ratio=True),
    dict(type='PackDetInputs'),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
