# DIOR, 20 classes of aerial images. Training, validation and test are its
# three lists; published numbers train on the first two together, which goes
# by one list of both (docs/datasets.md).
data_root = '{{$MMVISION_DATA_ROOT:data}}/dior/'
annotations = 'Annotations/Horizontal Bounding Boxes'
img_scale = (800, 800)  # every image's own size

train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations', with_bbox=True),
    # All eight orientations: seen from above, none is upright.
    dict(type='mmvision_ext.RandomRotate90', prob=0.75),
    dict(type='RandomFlip', prob=0.5),
    dict(type='Resize', scale=img_scale, keep_ratio=True),
    dict(type='PackDetInputs'),
]
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=img_scale, keep_ratio=True),
    # after Resize: the ground truth stays in pixels of the image file
    dict(type='LoadAnnotations', with_bbox=True),
    dict(
        type='PackDetInputs',
        meta_keys=(
            'img_id',
            'img_path',
            'ori_shape',
            'img_shape',
            'scale_factor',
        ),
    ),
]

train_dataloader = dict(
    batch_size=8,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='mmvision_ext.DIORDataset',
        data_root=data_root,
        ann_file='ImageSets/Main/train.txt',
        data_prefix=dict(img='JPEGImages-trainval', ann=annotations),
        filter_cfg=dict(filter_empty_gt=True),
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=4,
    persistent_workers=True,
    drop_last=False,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='mmvision_ext.DIORDataset',
        data_root=data_root,
        ann_file='ImageSets/Main/val.txt',
        data_prefix=dict(img='JPEGImages-trainval', ann=annotations),
        test_mode=True,
        pipeline=test_pipeline,
    ),
)
test_dataloader = dict(
    batch_size=1,
    num_workers=4,
    persistent_workers=True,
    drop_last=False,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='mmvision_ext.DIORDataset',
        data_root=data_root,
        ann_file='ImageSets/Main/test.txt',
        data_prefix=dict(img='JPEGImages-test', ann=annotations),
        test_mode=True,
        pipeline=test_pipeline,
    ),
)

val_evaluator = [
    dict(type='mmvision_ext.CocoInstanceMetric', metric=['bbox']),
    dict(
        type='mmvision_ext.VOCInstanceMetric',
        metric=['bbox'],
        eval_mode='area',
    ),  # the AP50 of DIOR's tables
]
test_evaluator = val_evaluator
