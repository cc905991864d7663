# cifar100.py with the augmentation of DeiT (https://arxiv.org/abs/2012.12877),
# which Swin and ConvNeXt took over: RandAugment 9 of 10, erasing, mixup or
# CutMix. Other than there: crops of padded images in the place of resized
# ones, no repeated augmentation, noise of erasing cut at 0 and 255, and
# RandAugment's sampling (see BatchRandAugment). Soft targets: the head's loss
# has to take them.
_base_ = './cifar100.py'

mean = [129.30, 124.07, 112.43]  # of cifar100.py
std = [68.17, 65.39, 70.42]

data_preprocessor = dict(
    augments=[
        dict(type='mmvision_ext.BatchRandomCrop', padding=4),
        dict(type='mmvision_ext.BatchRandomFlip', prob=0.5),
        dict(
            type='mmvision_ext.BatchRandAugment',
            fill=mean,
            num_ops=2,
            magnitude=9.0,
            magnitude_std=0.5,
            prob=0.5,
        ),
        dict(
            type='mmvision_ext.BatchRandomErasing',
            fill=mean,
            fill_std=std,
            prob=0.25,
        ),
        dict(
            type='mmvision_ext.BatchOneOf',
            augments=[
                dict(
                    type='mmvision_ext.BatchMixup', alpha=0.8, num_classes=100
                ),
                dict(
                    type='mmvision_ext.BatchCutMix', alpha=1.0, num_classes=100
                ),
            ],
            probs=[0.5, 0.5],
        ),
    ]
)
