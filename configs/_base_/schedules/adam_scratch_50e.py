# 50 epochs from random weights. Fine-tuning's 1e-5 would move no weight by
# more than about 0.05 in these few thousand Adam steps, which is the size of
# an initial weight: 1e-3, Adam's usual rate, lets the features form. It decays
# by a cosine, since the last epoch is the one that is reported.
train_cfg = dict(by_epoch=True, max_epochs=50, val_interval=1)
val_cfg = dict()
test_cfg = dict()

param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, end=100),
    dict(
        type='CosineAnnealingLR',
        T_max=50,
        end=50,
        by_epoch=True,
        convert_to_iter_based=True,
    ),
]
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='Adam', lr=0.001, weight_decay=0.0001),
)
auto_scale_lr = dict(enable=False, base_batch_size=32)
