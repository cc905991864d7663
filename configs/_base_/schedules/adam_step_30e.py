# 30 epochs of Adam at 1e-4, halved at 15. The hook counts the labels of the
# training set, for losses and biases that depend on them.
train_cfg = dict(by_epoch=True, max_epochs=30, val_interval=1)
val_cfg = dict()
test_cfg = dict()

custom_hooks = [dict(type='mmvision_ext.AttributeStatisticsHook')]
param_scheduler = dict(type='StepLR', step_size=15, gamma=0.5, by_epoch=True)
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='Adam', lr=0.0001, weight_decay=0.0001),
)
auto_scale_lr = dict(enable=False, base_batch_size=8)
