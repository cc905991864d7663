# COCO Attributes: 204 attributes of COCO's objects, 224 px crops with 16 px of
# their surroundings. A tenth of the training images choose the epoch; the
# published test split is tested. The annotations, converted once:
#   python tools/dataset_converters/coco_attributes.py \
#       data/coco_attributes/cocottributes_eccv_version.jbl \
#       --out data/coco/coco_attributes.npz
data_root = '{{$MMVISION_DATA_ROOT:data}}/coco/'
source = dict(
    type='mmvision_ext.COCOAttributes',
    data_root=data_root,
    ann_file='coco_attributes.npz',
    val_share=0.1,
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
    sampler=dict(  # one decode an image, for its objects together
        type='mmvision_ext.ImageGroupSampler', batch_size=8, num_workers=4
    ),
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
