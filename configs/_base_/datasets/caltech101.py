# Caltech-101 by the published protocol: 30 train images a class, the rest, at
# most 50 a class, for testing. data/caltech-101 holds 101_ObjectCategories.
data_root = '{{$MMVISION_DATA_ROOT:data}}/caltech-101/'
protocol = dict(train_per_class=30, test_per_class=50, seed=0)

train_pipeline = [
    dict(type='mmvision_ext.LoadUprightImage'),
    dict(type='ResizeEdge', scale=256, edge='short'),
    dict(type='RandomCrop', crop_size=224),
    dict(type='RandomFlip', prob=0.5, direction='horizontal'),
    dict(type='ColorJitter', brightness=0.1, contrast=0.1, saturation=0.1),
    dict(type='PackInputs'),
]
test_pipeline = [
    dict(type='mmvision_ext.LoadUprightImage'),
    dict(type='ResizeEdge', scale=256, edge='short'),
    dict(type='CenterCrop', crop_size=224),
    dict(type='PackInputs'),
]

train_dataloader = dict(
    batch_size=32,
    num_workers=4,
    persistent_workers=True,
    collate_fn=dict(type='default_collate'),
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='mmvision_ext.Caltech101',
        data_root=data_root,
        split='train',
        pipeline=train_pipeline,
        **protocol,
    ),
)
val_dataloader = dict(
    batch_size=32,
    num_workers=4,
    persistent_workers=True,
    drop_last=False,
    collate_fn=dict(type='default_collate'),
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='mmvision_ext.Caltech101',
        data_root=data_root,
        split='test',
        pipeline=test_pipeline,
        **protocol,
    ),
)
test_dataloader = val_dataloader

val_evaluator = [dict(type='mmvision_ext.ClassificationMetric', topk=(1, 5))]
test_evaluator = val_evaluator
