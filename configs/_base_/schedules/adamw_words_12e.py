# 12 epochs of AdamW, the rate divided by ten after 8 and 11, as sgd_12e.py.
# The backbone comes from CLIP or ImageNet and gets a tenth of the rate; what
# is compared with words is new. Scales of cosines do not decay. Adam moves a
# single number, of which the context has three, by its rate in a step at most:
# theirs is fifty times as high.
train_cfg = dict(by_epoch=True, max_epochs=12, val_interval=1)
val_cfg = dict()
test_cfg = dict()

param_scheduler = [
    # One epoch, whatever the size of the data: 500 iterations would be all of
    # a training on 70 images.
    dict(
        type='LinearLR',
        start_factor=0.001,
        by_epoch=True,
        begin=0,
        end=1,
        convert_to_iter_based=True,
    ),
    dict(
        type='MultiStepLR',
        by_epoch=True,
        begin=0,
        end=12,
        milestones=[8, 11],
        gamma=0.1,
    ),
]
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=0.0001, weight_decay=0.0001),
    paramwise_cfg=dict(
        custom_keys={
            'backbone': dict(lr_mult=0.1),
            'log_scale': dict(decay_mult=0),
            'context.bias': dict(lr_mult=50, decay_mult=0),
            'context.prior_weight': dict(lr_mult=50, decay_mult=0),
            'context.logits.log_scale': dict(lr_mult=50, decay_mult=0),
        },
    ),
    clip_grad=dict(max_norm=1, norm_type=2),
)
auto_scale_lr = dict(enable=False, base_batch_size=8)
