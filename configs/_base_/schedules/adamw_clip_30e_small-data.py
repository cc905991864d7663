# adamw_clip_30e.py for a hundred images: at batch 16 an epoch has five to
# seven steps; 150 of 1e-4 learn no more than how frequent a label is. The rate
# is that of the head; pretrained layers have a tenth.
_base_ = './adamw_clip_30e.py'

optim_wrapper = dict(
    optimizer=dict(lr=0.002),
    paramwise_cfg=dict(custom_keys=dict(backbone=dict(lr_mult=0.1))),
)
