# ViT-S/16 (https://arxiv.org/abs/2010.11929), DeiT's training; the class
# token is classified.
_base_ = './attribute-head.py'

model = dict(
    backbone=dict(
        type='VisionTransformer',
        arch='deit-small',
        img_size=224,
        patch_size=16,
        drop_path_rate=0.1,
        init_cfg=dict(
            type='Pretrained',
            checkpoint='https://mmassets.onedl.ai/mmclassification/v0/deit/'
            'deit-small_pt-4xb256_in1k_20220218-9425b9bb.pth',
            prefix='backbone',
        ),
    ),
    neck=None,
    head=dict(in_channels=384),
)
