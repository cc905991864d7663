# 20 epochs of AdamW from ImageNet weights: 1e-4 for them, ten times that for
# the new head, which is random. Goes with default_runtime_cifar.py.
max_epochs = 20
train_cfg = dict(by_epoch=True, max_epochs=max_epochs, val_interval=1)
val_cfg = dict()
test_cfg = dict()

param_scheduler = [
    dict(
        type='LinearLR',
        start_factor=0.01,
        by_epoch=True,
        end=1,
        convert_to_iter_based=True,
    ),
    dict(
        type='CosineAnnealingLR',
        by_epoch=True,
        begin=1,
        end=max_epochs,
        T_max=max_epochs - 1,
        convert_to_iter_based=True,
    ),
]
optim_wrapper = dict(
    type='mmvision_ext.MixedPrecisionOptimWrapper',
    optimizer=dict(type='AdamW', lr=0.0001, weight_decay=0.05, fused=True),
    paramwise_cfg=dict(
        norm_decay_mult=0.0,
        bias_decay_mult=0.0,
        flat_decay_mult=0.0,
        custom_keys={'head.fc': dict(lr_mult=10)},
    ),
    clip_grad=dict(max_norm=5, norm_type=2),
)
auto_scale_lr = dict(enable=False, base_batch_size=128)
