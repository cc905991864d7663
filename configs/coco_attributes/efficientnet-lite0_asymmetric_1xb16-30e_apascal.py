# EfficientNet-Lite0 on aPascal: asymmetric loss (https://arxiv.org/abs/2009.14119).
_base_ = [
    '../_base_/models/attribute-head_efficientnet-lite0.py',
    '../_base_/datasets/apascal.py',
    '../_base_/schedules/adam_step_30e.py',
    '../_base_/default_runtime_attributes.py',
]

model = dict(
    head=dict(
        num_classes=64, loss=dict(type='mmvision_ext.AttributeAsymmetricLoss')
    )
)
train_dataloader = dict(batch_size=16)
auto_scale_lr = dict(base_batch_size=16)
