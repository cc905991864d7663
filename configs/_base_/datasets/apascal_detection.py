# aPascal for detectors: boxes, 20 classes and 64 attributes of VOC's objects.
# A fifth of the training images choose the epoch; the published test split is
# tested.
data_root = '{{$MMVISION_DATA_ROOT:data}}/'
img_scale = (1000, 600)  # longest, shortest edge in pixels; usual for VOC
source = dict(
    type='mmvision_ext.APascalDetection',
    data_root=data_root,
    val_share=0.2,
    seed=0,
)

train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(type='mmvision_ext.LoadObjectAttributes'),
    dict(type='Resize', scale=img_scale, keep_ratio=True),
    dict(type='RandomFlip', prob=0.5),
    dict(type='mmvision_ext.PackDetAttributes'),
]
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=img_scale, keep_ratio=True),
    # after Resize: the ground truth stays in pixels of the image file
    dict(type='LoadAnnotations', with_bbox=True),
    dict(type='mmvision_ext.LoadObjectAttributes'),
    dict(
        type='mmvision_ext.PackDetAttributes',
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
        split='train',
        filter_cfg=dict(filter_empty_gt=True),
        pipeline=train_pipeline,
        **source,
    ),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=2,
    persistent_workers=True,
    drop_last=False,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(split='val', pipeline=test_pipeline, **source),
)
test_dataloader = dict(
    val_dataloader,
    dataset=dict(split='test', pipeline=test_pipeline, **source),
)

val_evaluator = [
    dict(type='mmvision_ext.DetectionAttributeMetric'),
    dict(type='mmvision_ext.CocoInstanceMetric', metric=['bbox']),
    dict(type='mmvision_ext.VOCInstanceMetric', metric=['bbox']),
]
test_evaluator = val_evaluator
