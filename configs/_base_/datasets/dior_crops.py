# DIOR's objects as 224 px crops with 16 px of their surroundings, each with
# the class of its box. Training, validation and test are its three lists.
data_root = '{{$MMVISION_DATA_ROOT:data}}/dior/'
annotations = 'Annotations/Horizontal Bounding Boxes'

train_pipeline = [
    dict(type='mmvision_ext.LoadObjectCrop', size=224, padding=16),
    # All eight orientations: seen from above, none is upright.
    dict(type='mmvision_ext.RandomRotate90', prob=0.75),
    dict(type='RandomFlip', prob=0.5, direction='horizontal'),
    dict(type='PackInputs'),
]
test_pipeline = [
    dict(type='mmvision_ext.LoadObjectCrop', size=224, padding=16),
    dict(type='PackInputs'),
]

train_dataloader = dict(
    batch_size=8,
    num_workers=4,
    persistent_workers=True,
    collate_fn=dict(type='default_collate'),
    # Not by image: objects of one image mostly have one class, and a batch of
    # one class has no contrast.
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='mmvision_ext.ObjectCrops',
        dataset=dict(
            type='mmvision_ext.DIORDataset',
            data_root=data_root,
            ann_file='ImageSets/Main/train.txt',
            data_prefix=dict(img='JPEGImages-trainval', ann=annotations),
        ),
        pipeline=train_pipeline,
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
        type='mmvision_ext.ObjectCrops',
        dataset=dict(
            type='mmvision_ext.DIORDataset',
            data_root=data_root,
            ann_file='ImageSets/Main/val.txt',
            data_prefix=dict(img='JPEGImages-trainval', ann=annotations),
            test_mode=True,
        ),
        test_mode=True,
        pipeline=test_pipeline,
    ),
)
test_dataloader = dict(
    val_dataloader,
    dataset=dict(
        type='mmvision_ext.ObjectCrops',
        dataset=dict(
            type='mmvision_ext.DIORDataset',
            data_root=data_root,
            ann_file='ImageSets/Main/test.txt',
            data_prefix=dict(img='JPEGImages-test', ann=annotations),
            test_mode=True,
        ),
        test_mode=True,
        pipeline=test_pipeline,
    ),
)

val_evaluator = [dict(type='mmvision_ext.ClassificationMetric', topk=(1, 5))]
test_evaluator = val_evaluator
