# Swin-T from random weights: the control.
_base_ = [
    '../_base_/models/swin-t_conv-gap.py',
    '../_base_/datasets/caltech101.py',
    '../_base_/schedules/adam_scratch_50e.py',
    '../_base_/default_runtime_cls.py',
]

model = dict(
    backbone=dict(
        _delete_=True,
        type='SwinTransformer',
        arch='tiny',
        img_size=224,
        drop_path_rate=0.2,
    )
)
