# ConvNeXt-T on COCO Attributes.
_base_ = [
    '../_base_/models/attribute-head_convnext-t.py',
    '../_base_/datasets/coco_attributes.py',
    '../_base_/schedules/adam_step_30e.py',
    '../_base_/default_runtime_attributes.py',
]

model = dict(head=dict(num_classes=204))
