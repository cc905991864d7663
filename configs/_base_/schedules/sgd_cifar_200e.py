# 200 epochs of SGD at batch 128, cosine decay: the CIFAR recipe of small
# ResNets (https://arxiv.org/abs/1512.03385, section 4.2, with a cosine in the
# place of its steps). Weight decay 5e-4 on every parameter; one epoch of
# warm-up lets deep networks start at 0.1. Goes with default_runtime_cifar.py.
max_epochs = 200
train_cfg = dict(by_epoch=True, max_epochs=max_epochs, val_interval=5)
val_cfg = dict()
test_cfg = dict()

param_scheduler = [
    dict(
        type='LinearLR',
        start_factor=0.1,
        by_epoch=True,
        end=1,
        convert_to_iter_based=True,
    ),
    dict(
        type='CosineAnnealingLR',
        by_epoch=True,
        begin=0,
        end=max_epochs,
        T_max=max_epochs,
        convert_to_iter_based=True,
    ),
]
optim_wrapper = dict(
    type='mmvision_ext.MixedPrecisionOptimWrapper',
    optimizer=dict(
        type='SGD',
        lr=0.1,
        momentum=0.9,
        nesterov=True,
        weight_decay=0.0005,
        fused=True,
    ),
)
auto_scale_lr = dict(enable=False, base_batch_size=128)
