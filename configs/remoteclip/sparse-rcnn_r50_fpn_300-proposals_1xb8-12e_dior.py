# Baseline: learned proposals, from ImageNet weights. Sparse R-CNN usually
# trains for 36 epochs; 12 are those of the other detectors here.
_base_ = [
    '../_base_/models/sparse-rcnn_r50_fpn.py',
    '../_base_/datasets/dior.py',
    '../_base_/schedules/adamw_12e.py',
    '../_base_/default_runtime_det.py',
]
