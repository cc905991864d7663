# CLIP RN50 on aPascal: words classify, the image tower is trained.
_base_ = [
    '../_base_/models/text-attribute_clip-rn50.py',
    '../_base_/datasets/apascal.py',
    '../_base_/schedules/adamw_text-attributes_10e.py',
    '../_base_/default_runtime_attributes.py',
]

train_dataloader = dict(batch_size=16)
