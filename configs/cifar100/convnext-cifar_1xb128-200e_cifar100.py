# A ConvNeXt (https://arxiv.org/abs/2201.03545) of 0.17 M parameters (168,644)
# for 32 px, with the stages of the CIFAR ResNets: 16, 32 and 64 channels at
# 32, 16 and 8 px. Patches of one pixel in place of 4x4, 4, 3 and 3 blocks in
# place of 3, 3, 9 and 3. Crop and flip only: it is too small to overfit, so
# there is neither stochastic depth nor label smoothing.
_base_ = [
    '../_base_/datasets/cifar100.py',
    '../_base_/schedules/adamw_cifar_200e.py',
    '../_base_/default_runtime_cifar.py',
]

model = dict(
    type='mmvision_ext.BatchClassifier',
    backbone=dict(
        type='ConvNeXt',
        arch=dict(depths=[4, 3, 3], channels=[16, 32, 64]),
        stem_patch_size=1,
        out_indices=[2],
    ),  # averages over positions itself
    head=dict(
        type='LinearClsHead',
        num_classes=100,
        in_channels=64,
        loss=dict(type='CrossEntropyLoss'),
        topk=(1, 5),
        init_cfg=dict(type='TruncNormal', layer='Linear', std=0.02),
    ),
)
