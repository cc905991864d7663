# AlexNet from random weights: the control.
_base_ = [
    '../_base_/models/alexnet_fc.py',
    '../_base_/datasets/caltech101.py',
    '../_base_/schedules/adam_scratch_50e.py',
    '../_base_/default_runtime_cls.py',
]

model = dict(backbone=dict(init_cfg=None), head=dict(init_cfg=None))
# A tenth of the others' rate: no batch normalisation steadies the first steps.
optim_wrapper = dict(optimizer=dict(lr=0.0001))
