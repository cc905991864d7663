# caltech101.py with RandAugment (https://arxiv.org/abs/1909.13719) in the
# place of colour jitter: two of timm's operations at magnitude 9 of 10.
_base_ = './caltech101.py'

train_pipeline = [
    dict(type='mmvision_ext.LoadUprightImage'),
    dict(type='ResizeEdge', scale=256, edge='short'),
    dict(type='RandomCrop', crop_size=224),
    dict(type='RandomFlip', prob=0.5, direction='horizontal'),
    dict(
        type='RandAugment',
        policies='timm_increasing',
        num_policies=2,
        magnitude_level=9,
        magnitude_std=0.5,
        total_level=10,
    ),
    dict(type='PackInputs'),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
