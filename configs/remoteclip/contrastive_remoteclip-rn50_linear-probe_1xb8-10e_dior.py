# Stage 1, linear probe: the tower stands still, a linear layer takes the place
# of the words.
_base_ = [
    '../_base_/models/remoteclip-rn50_words.py',
    '../_base_/datasets/dior_crops.py',
    '../_base_/schedules/adamw_contrastive_10e.py',
    '../_base_/default_runtime_cls.py',
]

model = dict(
    backbone=dict(frozen_stages=5),  # everything
    head=dict(
        _delete_=True,
        type='LinearClsHead',
        num_classes=20,
        in_channels=1024,
        loss=dict(type='CrossEntropyLoss'),
    ),
)
optim_wrapper = dict(optimizer=dict(lr=0.001))  # one new layer
