# AlexNet, everything fine-tuned from ImageNet weights.
_base_ = [
    '../_base_/models/alexnet_fc.py',
    '../_base_/datasets/caltech101.py',
    '../_base_/schedules/adam_finetune_50e.py',
    '../_base_/default_runtime_cls.py',
]

new_layer = {'head.classifier.6': dict(lr_mult=100)}
optim_wrapper = dict(
    paramwise_cfg=dict(custom_keys=dict(_delete_=True, **new_layer))
)
