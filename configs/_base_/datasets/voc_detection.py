# PASCAL VOC with boxes only. The lists are those of voc_instance.py, so that
# detectors with and without masks are compared on the same images; the
# detection task's own lists are ImageSets/Main/{trainval,val}.txt.
data_root = '{{$MMVISION_DATA_ROOT:data}}/VOCdevkit/VOC2012/'
img_scale = (1000, 600)  # longest, shortest edge in pixels; usual for VOC

train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(type='Resize', scale=img_scale, keep_ratio=True),
    dict(type='RandomFlip', prob=0.5),
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
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    batch_sampler=dict(type='AspectRatioBatchSampler'),
    dataset=dict(
        type='mmvision_ext.VOCInstanceDataset',
        with_mask=False,
        data_root=data_root,
        ann_file='ImageSets/Segmentation/train.txt',
        filter_cfg=dict(filter_empty_gt=True),
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=2,
    persistent_workers=True,
    drop_last=False,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='mmvision_ext.VOCInstanceDataset',
        with_mask=False,
        data_root=data_root,
        ann_file='ImageSets/Segmentation/val.txt',
        test_mode=True,
        pipeline=test_pipeline,
    ),
)
test_dataloader = val_dataloader

val_evaluator = [
    dict(type='mmvision_ext.CocoInstanceMetric', metric=['bbox']),
    dict(
        type='mmvision_ext.VOCInstanceMetric',
        metric=['bbox'],
        eval_mode='area',
    ),  # VOC2007 was scored with '11points'
]
test_evaluator = val_evaluator
