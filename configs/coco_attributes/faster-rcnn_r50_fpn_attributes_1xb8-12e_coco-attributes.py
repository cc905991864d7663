# Faster R-CNN with attributes on COCO Attributes: one pass for all.
_base_ = [
    'mmdet::_base_/models/faster-rcnn_r50_fpn.py',
    '../_base_/datasets/coco_attributes_detection.py',
    '../_base_/schedules/sgd_12e.py',
    '../_base_/default_runtime_det.py',
]

model = dict(
    roi_head=dict(
        type='mmvision_ext.AttributeRoIHead',
        bbox_head=dict(num_classes=80),
        attribute_head=dict(num_classes=204, in_channels=256),
    )
)
# mmdet's rate, 0.02 for 16 images
optim_wrapper = dict(optimizer=dict(lr=0.01))
default_hooks = dict(checkpoint=dict(save_best='attributes/mAP'))
