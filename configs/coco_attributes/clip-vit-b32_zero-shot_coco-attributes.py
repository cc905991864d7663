# CLIP ViT-B/32 on COCO Attributes: words classify, nothing is trained. The
# checkpoint to test is the tower:
#   NAME=clip-vit-b32_zero-shot_coco-attributes
#   python tools/test.py configs/coco_attributes/$NAME.py \
#       checkpoints/clip-vit-b32_openai.pth
_base_ = [
    '../_base_/models/text-attribute_clip-vit-b32.py',
    '../_base_/datasets/coco_attributes.py',
    '../_base_/default_runtime_attributes.py',
]

model = dict(head=dict(bias=False))
train_dataloader = None
val_cfg = dict()
test_cfg = dict()
custom_hooks = [dict(type='mmvision_ext.AttributeNamesHook')]
