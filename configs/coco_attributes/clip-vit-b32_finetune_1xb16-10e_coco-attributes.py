# CLIP ViT-B/32 on COCO Attributes: words classify, the image tower is trained.
_base_ = [
    '../_base_/models/text-attribute_clip-vit-b32.py',
    '../_base_/datasets/coco_attributes.py',
    '../_base_/schedules/adamw_text-attributes_10e.py',
    '../_base_/default_runtime_attributes.py',
]

train_dataloader = dict(batch_size=16, sampler=dict(batch_size=16))
