# A small ResNet on generated images of stripes; make_data.py writes them.
_base_ = '../../../configs/_base_/default_runtime_cls.py'

num_classes = 12
data_root = '{{$MMVISION_EXAMPLE_ROOT:work_dirs/example_data}}'

model = dict(
    type='ImageClassifier',
    data_preprocessor=dict(
        num_classes=num_classes,
        mean=[127.5, 127.5, 127.5],
        std=[127.5, 127.5, 127.5],
    ),
    backbone=dict(
        type='ResNet_CIFAR',
        depth=18,
        num_stages=3,  # of two blocks each: 14 layers
        strides=(1, 2, 2),
        dilations=(1, 1, 1),
        out_indices=(2,),
        stem_channels=16,
        base_channels=16,
    ),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(type='LinearClsHead', num_classes=num_classes, in_channels=64),
)

dataset = dict(
    type='CustomDataset',
    data_root=data_root,
    data_prefix='images',
    pipeline=[
        dict(type='LoadImageFromFile', color_type='color'),
        dict(type='PackInputs'),
    ],
)
train_dataloader = dict(
    batch_size=40,  # 9 iterations an epoch
    num_workers=0,  # the images are tiny
    dataset=dict(ann_file='train.txt', **dataset),
    sampler=dict(type='DefaultSampler', shuffle=True),
)
val_dataloader = dict(
    batch_size=120,
    num_workers=0,
    dataset=dict(ann_file='val.txt', **dataset),
    sampler=dict(type='DefaultSampler', shuffle=False),
)
test_dataloader = val_dataloader
val_evaluator = dict(type='Accuracy', topk=(1, 3))
test_evaluator = val_evaluator

optim_wrapper = dict(
    optimizer=dict(type='SGD', lr=0.05, momentum=0.9, weight_decay=1e-4)
)
train_cfg = dict(by_epoch=True, max_epochs=6)
val_cfg = dict()
test_cfg = dict()
default_hooks = dict(
    logger=dict(interval=9),  # once an epoch
    checkpoint=dict(save_best=None),  # val.txt is what is reported
)
