_base_ = [
    '../_base_/models/sparse-rcnn_r50_fpn.py',
    '../_base_/datasets/voc_detection.py',
    '../_base_/schedules/adamw_36e.py',
    '../_base_/default_runtime_det.py',
]
