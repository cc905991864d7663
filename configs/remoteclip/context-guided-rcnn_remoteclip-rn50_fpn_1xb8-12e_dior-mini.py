# A trial on little data: the first 70 images of the training list.
_base_ = [
    '../_base_/models/context-guided-rcnn_remoteclip-rn50_fpn.py',
    '../_base_/datasets/dior.py',
    '../_base_/schedules/adamw_words_12e.py',
    '../_base_/default_runtime_det.py',
]

train_dataloader = dict(dataset=dict(indices=70))
