# As fast as possible to 75 % on one GPU: ResNet-9, 30 epochs at batch 512,
# a triangle of the learning rate, label smoothing, alternating flips,
# bfloat16. See the README beside it for what was measured and what was not.
_base_ = [
    '../../../configs/_base_/datasets/cifar100.py',
    '../../../configs/_base_/default_runtime_cifar.py',
    './_base_/triangle_30e.py',
]

data_preprocessor = dict(
    augments=[
        # No random flip: AlternatingFlipHook.
        dict(type='mmvision_ext.BatchRandomCrop', padding=4),
    ]
)
model = dict(
    type='mmvision_ext.BatchClassifier',
    backbone=dict(type='mmvision_ext.ResNet9', base_channels=64),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(
        type='LinearClsHead',
        num_classes=100,
        in_channels=512,
        loss=dict(
            type='LabelSmoothLoss', label_smooth_val=0.1, mode='original'
        ),
    ),
    compile=dict(),  # outside of the measured time
)
custom_hooks = [dict(type='mmvision_ext.AlternatingFlipHook')]

train_dataloader = dict(batch_size=512)
default_hooks = dict(
    _delete_=True,  # no histograms
    runtime_info=dict(
        type='mmvision_ext.DeferredRuntimeInfoHook',
        sync_interval=1000,  # once an epoch, which has 97 iterations
    ),
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=1000),  # once an epoch
    param_scheduler=dict(type='ParamSchedulerHook'),
    checkpoint=dict(type='CheckpointHook', interval=30),
    sampler_seed=dict(type='DistSamplerSeedHook'),
)
