# Cross-modal, MobileNetV2, on a cut of COCO.
_base_ = [
    '../_base_/models/cross-modal_mobilenet-v2.py',
    '../_base_/datasets/coco_cut.py',
    '../_base_/schedules/adamw_clip_30e_small-data.py',
    '../_base_/default_runtime_attributes.py',
]

auto_scale_lr = dict(base_batch_size=16)
