# nwpu-vhr10.py with the polygons of its objects as masks.
_base_ = './nwpu-vhr10.py'

load = dict(
    type='LoadAnnotations', with_bbox=True, with_mask=True, poly2mask=False
)
# in the place of the boxes alone
train, test = _base_.train_pipeline, _base_.test_pipeline
train_pipeline = [train[0], load, *train[2:]]
test_pipeline = [*test[:2], load, *test[3:]]
del train, test

train_dataloader = dict(
    dataset=dict(with_mask=True, pipeline=train_pipeline),
)
val_dataloader = dict(dataset=dict(with_mask=True, pipeline=test_pipeline))
test_dataloader = dict(dataset=dict(with_mask=True, pipeline=test_pipeline))

val_evaluator = [
    dict(type='mmvision_ext.CocoInstanceMetric', metric=['bbox', 'segm']),
]
test_evaluator = val_evaluator
