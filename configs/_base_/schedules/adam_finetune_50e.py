# Fine-tuning from the first step: 1e-5 for the pretrained weights. The new
# layer (head.conv) is random and gets 1e-3; at 1e-5 it would hardly move.
train_cfg = dict(by_epoch=True, max_epochs=50, val_interval=1)
val_cfg = dict()
test_cfg = dict()

optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='Adam', lr=0.00001, weight_decay=0.0001),
    paramwise_cfg=dict(custom_keys={'head.conv': dict(lr_mult=100)}),
)
auto_scale_lr = dict(enable=False, base_batch_size=32)
