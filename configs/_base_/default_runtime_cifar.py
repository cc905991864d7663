# Runtime of the CIFAR configs: an epoch takes seconds, so fewer checkpoints
# and log lines than default_runtime_cls.py.
_base_ = ['./default_runtime_cls.py']

default_hooks = dict(
    logger=dict(interval=50),  # iterations
    checkpoint=dict(interval=10, max_keep_ckpts=1),
)
