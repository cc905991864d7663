# aPascal: 64 attributes of VOC's objects, 224 px crops with 16 px of their
# surroundings. A fifth of the training images choose the epoch; the published
# test split is tested.
data_root = '{{$MMVISION_DATA_ROOT:data}}/'
source = dict(
    type='mmvision_ext.APascalAttributes',
    data_root=data_root,
    val_share=0.2,
    seed=0,
)

train_pipeline = [
    dict(type='mmvision_ext.LoadObjectCrop', size=224, padding=16),
    dict(type='RandomFlip', prob=0.5, direction='horizontal'),
    dict(type='mmvision_ext.PackAttributes'),
]
test_pipeline = [
    dict(type='mmvision_ext.LoadObjectCrop', size=224, padding=16),
    dict(type='mmvision_ext.PackAttributes'),
]

train_dataloader = dict(
    batch_size=8,
    num_workers=4,
    persistent_workers=True,
    collate_fn=dict(type='default_collate'),
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(split='train', pipeline=train_pipeline, **source),
)
val_dataloader = dict(
    batch_size=32,
    num_workers=4,
    persistent_workers=True,
    drop_last=False,
    collate_fn=dict(type='default_collate'),
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(split='val', pipeline=test_pipeline, **source),
)
test_dataloader = dict(
    val_dataloader,
    dataset=dict(split='test', pipeline=test_pipeline, **source),
)

val_evaluator = [dict(type='mmvision_ext.AttributeMetric')]
test_evaluator = val_evaluator
