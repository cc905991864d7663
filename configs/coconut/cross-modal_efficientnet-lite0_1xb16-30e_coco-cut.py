# Cross-modal, EfficientNet-Lite0, on a cut of COCO.
_base_ = [
    '../_base_/models/cross-modal_efficientnet-lite0.py',
    '../_base_/datasets/coco_cut.py',
    '../_base_/schedules/adamw_clip_30e_small-data.py',
    '../_base_/default_runtime_attributes.py',
]

auto_scale_lr = dict(base_batch_size=16)
