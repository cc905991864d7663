# COCO Attributes for detectors: boxes, 80 classes and 204 attributes. The
# images are those of which an object has attributes; objects without them
# count as objects, not in the attributes. A tenth of the training images
# choose the epoch. The annotations are converted once, see
# coco_attributes.py.
_base_ = './apascal_detection.py'

data_root = '{{$MMVISION_DATA_ROOT:data}}/coco/'
img_scale = (1333, 800)  # longest, shortest edge in pixels; usual for COCO
source = dict(
    _delete_=True,
    type='mmvision_ext.COCOAttributesDetection',
    data_root=data_root,
    ann_file='coco_attributes.npz',
    val_share=0.1,
    seed=0,
)
resize = dict(type='Resize', scale=img_scale, keep_ratio=True)
# in the place of Resize
train, test = _base_.train_pipeline, _base_.test_pipeline
train_pipeline = [*train[:3], resize, *train[4:]]
test_pipeline = [test[0], resize, *test[2:]]
del train, test

train_dataloader = dict(
    dataset=dict(
        split='train',
        filter_cfg=dict(filter_empty_gt=True),
        pipeline=train_pipeline,
        **source,
    )
)
val_dataloader = dict(
    dataset=dict(split='val', pipeline=test_pipeline, **source)
)
test_dataloader = dict(
    dataset=dict(split='test', pipeline=test_pipeline, **source)
)

val_evaluator = [
    dict(type='mmvision_ext.DetectionAttributeMetric'),
    dict(type='mmvision_ext.CocoInstanceMetric', metric=['bbox']),
]
test_evaluator = val_evaluator
