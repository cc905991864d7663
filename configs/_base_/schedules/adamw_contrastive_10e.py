# 10 epochs of AdamW at 1e-4, batch 8, with a cosine and clipped gradients.
# The learned scale of the cosines does not decay.
train_cfg = dict(by_epoch=True, max_epochs=10, val_interval=1)
val_cfg = dict()
test_cfg = dict()

param_scheduler = dict(
    type='CosineAnnealingLR',
    T_max=10,
    end=10,
    by_epoch=True,
    convert_to_iter_based=True,
)
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=0.0001, weight_decay=0.01),
    paramwise_cfg=dict(custom_keys=dict(log_scale=dict(decay_mult=0))),
    clip_grad=dict(max_norm=1.0),
)
auto_scale_lr = dict(enable=False, base_batch_size=8)
