# 12 epochs of SGD, the rate divided by ten after 8 and 11 (mmdet's "1x").
_base_ = './sgd_24e.py'

train_cfg = dict(max_epochs=12)
param_scheduler = [
    dict(
        type='LinearLR', start_factor=0.001, by_epoch=False, begin=0, end=500
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
