# The same as ..._coco-cut.py, tested with half of the labels known.
_base_ = [
    '../_base_/models/cross-modal_efficientnet-lite0.py',
    '../_base_/datasets/coco_cut_half-known.py',
    '../_base_/schedules/adamw_clip_30e_small-data.py',
    '../_base_/default_runtime_attributes.py',
]

auto_scale_lr = dict(base_batch_size=16)
