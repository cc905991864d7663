# 36 epochs of AdamW, cosine decay: the published Sparse R-CNN optimizer.
# 2.5e-5 is its rate at batch 16 (https://arxiv.org/abs/2011.12450); Adam's
# step does not grow with the gradient, so batch 8 keeps it. The thousandfold
# 0.01 (SGD's scale) makes the first steps as large as the weights.
max_epochs = 36
train_cfg = dict(by_epoch=True, max_epochs=max_epochs, val_interval=1)
val_cfg = dict()
test_cfg = dict()

param_scheduler = [
    dict(
        type='LinearLR', start_factor=0.001, by_epoch=False, begin=0, end=500
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
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=0.000025, weight_decay=0.0001),
    clip_grad=dict(max_norm=1, norm_type=2),
)
auto_scale_lr = dict(enable=False, base_batch_size=8)
