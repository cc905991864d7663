_base_ = [
    'mmdet::_base_/models/mask-rcnn_r50_fpn.py',
    '../_base_/datasets/voc_instance.py',
    '../_base_/schedules/sgd_24e.py',
    '../_base_/default_runtime_det.py',
]

model = dict(
    roi_head=dict(
        bbox_head=dict(num_classes=20), mask_head=dict(num_classes=20)
    )
)
