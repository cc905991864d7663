# Swin-T: the new head first, then everything.
_base_ = [
    '../_base_/models/swin-t_conv-gap.py',
    '../_base_/datasets/caltech101.py',
    '../_base_/schedules/adam_two-phase_50e.py',
    '../_base_/default_runtime_cls.py',
]
