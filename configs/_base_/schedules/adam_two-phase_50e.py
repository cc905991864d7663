# Two phases in one run: 25 epochs of the head alone at 1e-3, then 25 epochs of
# everything at 1e-5.
unfreeze_epoch = 25
train_cfg = dict(by_epoch=True, max_epochs=50, val_interval=1)
val_cfg = dict()
test_cfg = dict()

custom_hooks = [
    dict(
        type='mmvision_ext.FreezeHook',
        modules=['backbone'],
        unfreeze_epoch=unfreeze_epoch,
    )
]
param_scheduler = dict(
    type='MultiStepLR', milestones=[unfreeze_epoch], gamma=0.01, by_epoch=True
)
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='Adam', lr=0.001, weight_decay=0.0001),
)
auto_scale_lr = dict(enable=False, base_batch_size=32)
