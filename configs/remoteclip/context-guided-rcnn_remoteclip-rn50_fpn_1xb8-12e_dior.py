# Stage 2: a detector whose classes are words, guided by the whole image.
_base_ = [
    '../_base_/models/context-guided-rcnn_remoteclip-rn50_fpn.py',
    '../_base_/datasets/dior.py',
    '../_base_/schedules/adamw_words_12e.py',
    '../_base_/default_runtime_det.py',
]
