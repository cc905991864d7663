# apascal_detection.py at about the size of VOC's images, for CPUs.
_base_ = './apascal_detection.py'

# VOC's images are about 500 x 375 px: nothing is magnified much.
train_resize = dict(
    type='RandomResize', scale=[(384, 256), (576, 384)], keep_ratio=True
)
test_resize = dict(type='Resize', scale=(480, 320), keep_ratio=True)
# in the place of Resize
train, test = _base_.train_pipeline, _base_.test_pipeline
train_pipeline = [*train[:3], train_resize, *train[4:]]
test_pipeline = [test[0], test_resize, *test[2:]]
del train, test

train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
