# The generated devkit (mmvision_ext.testing.make_shapes_devkit), with masks.
_base_ = './voc_instance.py'

data_root = '{{$MMVISION_SHAPES_ROOT:work_dirs/shapes}}/VOC2012/'
metainfo = dict(
    classes=('circle', 'square', 'triangle'),
    palette=[(220, 20, 60), (0, 114, 189), (60, 160, 60)],
)
dataset = dict(data_root=data_root, metainfo=metainfo)
# Reading a 128 px image takes a millisecond: worker processes cost more.
loader = dict(num_workers=0, persistent_workers=False)

train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations', with_bbox=True, with_mask=True),
    dict(type='RandomFlip', prob=0.5, direction=['horizontal', 'vertical']),
    dict(type='PackDetInputs'),
]
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(128, 128), keep_ratio=True),
    dict(type='LoadAnnotations', with_bbox=True, with_mask=True),
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
    **loader, dataset=dict(pipeline=train_pipeline, **dataset)
)
val_dataloader = dict(
    **loader, dataset=dict(pipeline=test_pipeline, **dataset)
)
test_dataloader = val_dataloader
