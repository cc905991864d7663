# 200 epochs of AdamW at batch 128, cosine decay: ConvNeXt's recipe
# (https://arxiv.org/abs/2201.03545) at 1e-3, which openmixup takes for
# CIFAR-100 at batch 100: 20 epochs of warm-up, weight decay 0.05, none on
# norms, biases and other one-dimensional parameters (layer scale).
# The average covers the last twentieth of the training, however long it is:
# its momentum falls as 20 / (20 + iterations). Goes with
# default_runtime_cifar.py.
max_epochs = 200
warmup_epochs = 20
train_cfg = dict(by_epoch=True, max_epochs=max_epochs, val_interval=5)
val_cfg = dict()
test_cfg = dict()

param_scheduler = [
    dict(
        type='LinearLR',
        start_factor=0.001,
        by_epoch=True,
        end=warmup_epochs,
        convert_to_iter_based=True,
    ),
    dict(
        type='CosineAnnealingLR',
        by_epoch=True,
        begin=warmup_epochs,
        end=max_epochs,
        T_max=max_epochs - warmup_epochs,
        convert_to_iter_based=True,
    ),
]
optim_wrapper = dict(
    type='mmvision_ext.MixedPrecisionOptimWrapper',
    optimizer=dict(type='AdamW', lr=0.001, weight_decay=0.05, fused=True),
    paramwise_cfg=dict(
        norm_decay_mult=0.0, bias_decay_mult=0.0, flat_decay_mult=0.0
    ),
)
custom_hooks = [
    dict(
        type='EMAHook',
        ema_type='mmvision_ext.ForeachExponentialMovingAverage',
        momentum=0.0001,
        gamma=20,
        update_buffers=True,  # the statistics of BatchNorm as well
    )
]
auto_scale_lr = dict(enable=False, base_batch_size=128)
