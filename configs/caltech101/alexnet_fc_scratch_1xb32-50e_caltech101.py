# AlexNet from random weights: the control.
_base_ = [
    '../_base_/models/alexnet_fc.py',
    '../_base_/datasets/caltech101.py',
    '../_base_/schedules/adam_scratch_50e.py',
    '../_base_/default_runtime_cls.py',
]

model = dict(backbone=dict(init_cfg=None), head=dict(init_cfg=None))
# Without batch normalisation 1e-3 is too high.
optim_wrapper = dict(optimizer=dict(lr=0.0001))
