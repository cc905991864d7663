# EfficientNet-B0 from random weights: the control.
_base_ = [
    '../_base_/models/efficientnet-b0_conv-gap.py',
    '../_base_/datasets/caltech101.py',
    '../_base_/schedules/adam_scratch_50e.py',
    '../_base_/default_runtime_cls.py',
]

model = dict(backbone=dict(_delete_=True, type='EfficientNet', arch='b0'))
