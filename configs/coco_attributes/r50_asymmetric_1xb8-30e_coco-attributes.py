# ResNet-50 on COCO Attributes: asymmetric loss (https://arxiv.org/abs/2009.14119).
_base_ = [
    '../_base_/models/attribute-head_r50.py',
    '../_base_/datasets/coco_attributes.py',
    '../_base_/schedules/adam_step_30e.py',
    '../_base_/default_runtime_attributes.py',
]

model = dict(
    head=dict(
        num_classes=204, loss=dict(type='mmvision_ext.AttributeAsymmetricLoss')
    )
)
