# MobileNetV2: the new head first, then everything. The cut.
_base_ = [
    '../_base_/models/mobilenet-v2_conv-gap.py',
    '../_base_/datasets/caltech101_cut.py',
    '../_base_/schedules/adam_two-phase_50e.py',
    '../_base_/default_runtime_cls.py',
]
