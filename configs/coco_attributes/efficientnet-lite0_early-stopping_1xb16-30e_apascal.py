# EfficientNet-Lite0 on aPascal: stops when validation no longer improves.
_base_ = [
    '../_base_/models/attribute-head_efficientnet-lite0.py',
    '../_base_/datasets/apascal.py',
    '../_base_/schedules/adam_step_30e.py',
    '../_base_/default_runtime_attributes.py',
]

model = dict(head=dict(num_classes=64))
train_dataloader = dict(batch_size=16)
default_hooks = dict(
    early_stopping=dict(
        type='EarlyStoppingHook',
        monitor='attributes/mAP',
        rule='greater',
        min_delta=0.001,  # per cent; with 0 an equal value counts as better
        patience=10,  # validations
    )
)
auto_scale_lr = dict(base_batch_size=16)
