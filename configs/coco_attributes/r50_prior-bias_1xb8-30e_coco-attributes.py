# ResNet-50 on COCO Attributes: biases start at the frequencies.
_base_ = [
    '../_base_/models/attribute-head_r50.py',
    '../_base_/datasets/coco_attributes.py',
    '../_base_/schedules/adam_step_30e.py',
    '../_base_/default_runtime_attributes.py',
]

model = dict(head=dict(num_classes=204, prior_bias=True))
