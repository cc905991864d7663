# adamw_words_12e.py twice as long and fast, for light detectors on small data.
_base_ = './adamw_words_12e.py'

train_cfg = dict(max_epochs=24)
param_scheduler = [
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
        end=24,
        milestones=[16, 22],
        gamma=0.1,
    ),
]
# bfloat16 where the hardware has it: a third of the time on a CPU with AMX.
optim_wrapper = dict(
    type='mmvision_ext.MixedPrecisionOptimWrapper', optimizer=dict(lr=0.0002)
)
