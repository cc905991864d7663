# ResNet-50 on aPascal.
_base_ = [
    '../_base_/models/attribute-head_r50.py',
    '../_base_/datasets/apascal.py',
    '../_base_/schedules/adam_step_30e.py',
    '../_base_/default_runtime_attributes.py',
]

model = dict(head=dict(num_classes=64))
