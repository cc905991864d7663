# Training images of five sizes.
_base_ = [
    '../_base_/models/context-guided-rcnn_remoteclip-rn50_fpn.py',
    '../_base_/datasets/dior_multi-scale.py',
    '../_base_/schedules/adamw_words_12e.py',
    '../_base_/default_runtime_det.py',
]
