# 30 epochs of SGD at batch 512: up to the highest learning rate in 6, down to
# nothing in 24. Evaluated once, at the end.
max_epochs = 30
peak_epoch = 6

train_cfg = dict(
    by_epoch=True,
    max_epochs=max_epochs,
    val_begin=max_epochs,
)
val_cfg = dict()
test_cfg = dict()
param_scheduler = [
    dict(
        type='LinearLR',
        start_factor=0.05,
        end=peak_epoch,
        convert_to_iter_based=True,
    ),
    dict(
        type='LinearLR',
        start_factor=1.0,
        end_factor=0.0,
        begin=peak_epoch,
        end=max_epochs,
        convert_to_iter_based=True,
    ),
]
optim_wrapper = dict(
    type='mmvision_ext.MixedPrecisionOptimWrapper',
    optimizer=dict(
        type='SGD',
        lr=0.4,
        momentum=0.9,
        nesterov=True,
        weight_decay=0.0005,
        fused=True,
    ),
)
