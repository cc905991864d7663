# VGG-16 from random weights: the control. Without batch normalisation its
# deep stack bears no more than AlexNet's learning rate, 1e-4.
_base_ = [
    '../_base_/models/vgg16_conv-gap.py',
    '../_base_/datasets/caltech101.py',
    '../_base_/schedules/adam_scratch_50e.py',
    '../_base_/default_runtime_cls.py',
]

model = dict(backbone=dict(_delete_=True, type='VGG', depth=16))
optim_wrapper = dict(optimizer=dict(lr=0.0001))
