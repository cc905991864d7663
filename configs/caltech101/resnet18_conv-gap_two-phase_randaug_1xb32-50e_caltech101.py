# ResNet-18: the new head first, then everything. RandAugment.
_base_ = [
    '../_base_/models/resnet18_conv-gap.py',
    '../_base_/datasets/caltech101_randaug.py',
    '../_base_/schedules/adam_two-phase_50e.py',
    '../_base_/default_runtime_cls.py',
]
