# ResNet-18: the new head first, then everything.
# Mixup or CutMix, by turns at random: labels are mixed, so no train accuracy.
_base_ = [
    '../_base_/models/resnet18_conv-gap.py',
    '../_base_/datasets/caltech101.py',
    '../_base_/schedules/adam_two-phase_50e.py',
    '../_base_/default_runtime_cls.py',
]

model = dict(
    head=dict(
        cal_acc=False, loss=dict(type='CrossEntropyLoss', use_soft=True)
    ),
    train_cfg=dict(
        augments=[
            dict(type='Mixup', alpha=0.8),
            dict(type='CutMix', alpha=1.0),
        ]
    ),
)
