# sgd_cifar_200e.py with the hosts' own loop and optimizer wrapper, in float32:
# what to compare the fast path with.
_base_ = './sgd_cifar_200e.py'

train_cfg = dict(
    _delete_=True,
    by_epoch=True,
    max_epochs={{_base_.max_epochs}},
    val_interval=5,
)
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(fused=False))
