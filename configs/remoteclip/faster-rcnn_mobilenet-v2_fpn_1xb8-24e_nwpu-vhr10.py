# Light baseline: an ordinary classifier.
_base_ = [
    '../_base_/models/faster-rcnn_mobilenet-v2_fpn.py',
    '../_base_/datasets/nwpu-vhr10.py',
    '../_base_/schedules/adamw_words_24e.py',
    '../_base_/default_runtime_det.py',
]

model = dict(
    roi_head=dict(
        bbox_head=dict(
            num_classes=10,
            reg_class_agnostic=True,  # as with words
        )
    )
)
custom_hooks = [dict(type='mmvision_ext.ChannelsLastHook')]
