# Runtime of the CIFAR configs: an epoch takes seconds, so fewer checkpoints
# and log lines than default_runtime_cls.py, and losses read 50 at once.
_base_ = ['./default_runtime_cls.py']

default_hooks = dict(
    runtime_info=dict(type='mmvision_ext.DeferredRuntimeInfoHook'),
    logger=dict(interval=50),  # iterations
    non_finite=dict(interval=50),  # read with the losses, at once
    # Two: a second one is left where the last one is damaged.
    checkpoint=dict(interval=10, max_keep_ckpts=2),
)

# Batches are augmented on the device: without it, every process would draw the
# same crops and flips.
randomness = dict(seed=0, diff_rank_seed=True)
