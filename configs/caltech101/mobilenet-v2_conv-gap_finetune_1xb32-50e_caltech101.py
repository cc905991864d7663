# MobileNetV2, everything fine-tuned from ImageNet weights.
_base_ = [
    '../_base_/models/mobilenet-v2_conv-gap.py',
    '../_base_/datasets/caltech101.py',
    '../_base_/schedules/adam_finetune_50e.py',
    '../_base_/default_runtime_cls.py',
]
