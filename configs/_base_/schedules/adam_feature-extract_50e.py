# Feature extraction: 50 epochs of Adam on the head alone.
train_cfg = dict(by_epoch=True, max_epochs=50, val_interval=1)
val_cfg = dict()
test_cfg = dict()

custom_hooks = [dict(type='mmvision_ext.FreezeHook', modules=['backbone'])]
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='Adam', lr=0.001, weight_decay=0.0001),
)
auto_scale_lr = dict(enable=False, base_batch_size=32)
