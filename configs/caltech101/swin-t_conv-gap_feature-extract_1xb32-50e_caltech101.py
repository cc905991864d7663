# Swin-T, ImageNet weights held still, new head trained.
_base_ = [
    '../_base_/models/swin-t_conv-gap.py',
    '../_base_/datasets/caltech101.py',
    '../_base_/schedules/adam_feature-extract_50e.py',
    '../_base_/default_runtime_cls.py',
]
