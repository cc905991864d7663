# CLIP RN50 on aPascal: words classify, nothing is trained. The checkpoint to
# test is the tower:
#   python tools/test.py \
#       configs/coco_attributes/clip-rn50_zero-shot_apascal.py \
#       checkpoints/clip-rn50_openai.pth
_base_ = [
    '../_base_/models/text-attribute_clip-rn50.py',
    '../_base_/datasets/apascal.py',
    '../_base_/default_runtime_attributes.py',
]

model = dict(head=dict(bias=False))
train_dataloader = None
val_cfg = dict()
test_cfg = dict()
custom_hooks = [dict(type='mmvision_ext.AttributeNamesHook')]
