# Faster R-CNN with attributes on aPascal: one pass for all.
_base_ = [
    'mmdet::_base_/models/faster-rcnn_r50_fpn.py',
    '../_base_/datasets/apascal_detection.py',
    '../_base_/schedules/sgd_12e.py',
    '../_base_/default_runtime_det.py',
]

model = dict(
    roi_head=dict(
        type='mmvision_ext.AttributeRoIHead',
        bbox_head=dict(num_classes=20),
        attribute_head=dict(num_classes=64, in_channels=256),
    )
)
default_hooks = dict(checkpoint=dict(save_best='attributes/mAP'))
