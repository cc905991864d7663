# Cross-modal, ResNet-50: 25,845,963 parameters, of which 5,751,947 train.
_base_ = [
    '../_base_/models/cross-modal_r50.py',
    '../_base_/datasets/coconut.py',
    '../_base_/schedules/adamw_clip_30e.py',
    '../_base_/default_runtime_attributes.py',
]
