# Light Faster R-CNN with attributes on aPascal, for CPUs.
_base_ = [
    '../_base_/models/faster-rcnn_mobilenet-v2_fpn.py',
    '../_base_/datasets/apascal_detection_small.py',
    '../_base_/schedules/sgd_24e.py',
    '../_base_/default_runtime_det.py',
]

model = dict(
    roi_head=dict(
        type='mmvision_ext.AttributeRoIHead',
        bbox_head=dict(num_classes=20),
        attribute_head=dict(num_classes=64, in_channels=_base_.width),
    )
)
# bfloat16 where the hardware has it, and laid out for it
optim_wrapper = dict(type='mmvision_ext.MixedPrecisionOptimWrapper')
custom_hooks = [dict(type='mmvision_ext.ChannelsLastHook')]
default_hooks = dict(checkpoint=dict(save_best='attributes/mAP'))
