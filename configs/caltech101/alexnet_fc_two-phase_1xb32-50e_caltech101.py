# AlexNet: the new head first, then everything.
_base_ = [
    '../_base_/models/alexnet_fc.py',
    '../_base_/datasets/caltech101.py',
    '../_base_/schedules/adam_two-phase_50e.py',
    '../_base_/default_runtime_cls.py',
]

custom_hooks = [
    dict(
        type='mmvision_ext.FreezeHook',
        modules=_base_.frozen,
        unfreeze_epoch=_base_.unfreeze_epoch,
    )
]
