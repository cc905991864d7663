# EfficientNet-Lite0, ImageNet weights held still, new head trained. The cut.
_base_ = [
    '../_base_/models/efficientnet-lite0_conv-gap.py',
    '../_base_/datasets/caltech101_cut.py',
    '../_base_/schedules/adam_feature-extract_50e.py',
    '../_base_/default_runtime_cls.py',
]
