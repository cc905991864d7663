# Baseline: learned proposals, from ImageNet weights. Sparse R-CNN usually
# trains for 36 epochs; 12 are those of the other detectors here.
_base_ = [
    '../_base_/models/sparse-rcnn_r50_fpn.py',
    '../_base_/datasets/dior.py',
    '../_base_/schedules/adamw_words_12e.py',
    '../_base_/default_runtime_det.py',
]

# The rate that it was published with, of all its parts; four times as much is
# the others'.
optim_wrapper = dict(
    optimizer=dict(lr=0.000025),
    paramwise_cfg=dict(_delete_=True, custom_keys=dict()),
)
