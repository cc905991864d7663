# COCONut's relabelled val2017, any 1000 images of it: 800 to train, 100 to
# choose the epoch, 100 to test. The whole image is resized, since a crop
# could lose the object that an attribute comes from.
data_root = '{{$MMVISION_DATA_ROOT:data}}/coco/'
source = dict(
    type='mmvision_ext.COCONutAttributes',
    data_root=data_root,
    ann_file='annotations/relabeled_coco_val.json',
    data_prefix='val2017',
    split_sizes=(800, 100, 100),
    seed=0,
)

train_pipeline = [
    dict(type='mmvision_ext.LoadUprightImage'),
    dict(type='Resize', scale=(224, 224)),
    dict(type='RandomFlip', prob=0.5, direction='horizontal'),
    dict(type='ColorJitter', brightness=0.1, contrast=0.1, saturation=0.1),
    dict(type='mmvision_ext.PackAttributes'),
]
test_pipeline = [
    dict(type='mmvision_ext.LoadUprightImage'),
    dict(type='Resize', scale=(224, 224)),
    dict(type='mmvision_ext.PackAttributes'),
]

train_dataloader = dict(
    batch_size=4,
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
