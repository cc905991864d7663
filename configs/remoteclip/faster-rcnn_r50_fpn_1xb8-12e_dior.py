# Baseline: an ordinary classifier, from ImageNet weights.
_base_ = [
    'mmdet::_base_/models/faster-rcnn_r50_fpn.py',
    '../_base_/datasets/dior.py',
    '../_base_/schedules/adamw_words_12e.py',
    '../_base_/default_runtime_det.py',
]

model = dict(roi_head=dict(bbox_head=dict(num_classes=20)))
