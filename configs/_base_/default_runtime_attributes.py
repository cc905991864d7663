# Runtime of the attribute configs: the best epoch by validation mAP is kept
# beside the last ones, since their data have validation images of their own.
_base_ = ['./default_runtime_cls.py']

default_hooks = dict(
    checkpoint=dict(save_best='attributes/mAP', rule='greater'),
)
