# ResNet-18, everything fine-tuned from ImageNet weights.
# The rate falls from the head, 1e-4, by a quarter with every layer below.
_base_ = [
    '../_base_/models/resnet18_conv-gap.py',
    '../_base_/datasets/caltech101.py',
    '../_base_/schedules/adam_finetune_50e.py',
    '../_base_/default_runtime_cls.py',
]

optim_wrapper = dict(
    constructor='mmvision_ext.LayerDecayOptimWrapperConstructor',
    optimizer=dict(lr=0.0001),
    paramwise_cfg=dict(_delete_=True, layer_decay_rate=0.75),
)
