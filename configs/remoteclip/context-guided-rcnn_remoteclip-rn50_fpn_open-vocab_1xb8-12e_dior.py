# 16 classes in training, four more by their name.
_base_ = [
    '../_base_/models/context-guided-rcnn_remoteclip-rn50_fpn.py',
    '../_base_/datasets/dior_open-vocab.py',
    '../_base_/schedules/adamw_words_12e.py',
    '../_base_/default_runtime_det.py',
]

model = dict(
    roi_head=dict(bbox_head=dict(num_classes=16)),
    test_cfg=dict(rcnn=dict(score_thr=0.0)),  # weak words count, too
)
# The epoch is chosen by classes that were trained.
default_hooks = dict(checkpoint=dict(save_best='coco/bbox_base_mAP'))
