# VGG-16, everything fine-tuned from ImageNet weights.
_base_ = [
    '../_base_/models/vgg16_conv-gap.py',
    '../_base_/datasets/caltech101.py',
    '../_base_/schedules/adam_finetune_50e.py',
    '../_base_/default_runtime_cls.py',
]
