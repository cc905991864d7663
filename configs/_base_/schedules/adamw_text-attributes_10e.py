# 10 epochs of AdamW with a cosine and clipped gradients: 1e-5 for the CLIP
# tower, which is trained already, and 1e-3 for the head's scale and biases,
# which begin at CLIP's values and do not decay.
train_cfg = dict(by_epoch=True, max_epochs=10, val_interval=1)
val_cfg = dict()
test_cfg = dict()

custom_hooks = [
    dict(type='mmvision_ext.AttributeNamesHook'),
    dict(type='mmvision_ext.AttributeStatisticsHook'),
]
param_scheduler = dict(
    type='CosineAnnealingLR',
    T_max=10,
    end=10,
    by_epoch=True,
    convert_to_iter_based=True,
)
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=0.00001, weight_decay=0.01),
    paramwise_cfg=dict(
        custom_keys=dict(
            head=dict(lr_mult=100, decay_mult=0),
        ),
    ),
    clip_grad=dict(max_norm=1.0),
)
auto_scale_lr = dict(enable=False, base_batch_size=16)
