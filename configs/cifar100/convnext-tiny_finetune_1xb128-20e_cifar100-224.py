# ConvNeXt-T, fine-tuned at 224 px from ImageNet-21k and -1k: 27.90 M
# parameters.
_base_ = [
    '../_base_/models/convnext-tiny_cifar.py',
    '../_base_/datasets/cifar100_224.py',
    '../_base_/schedules/adamw_cifar_finetune_20e.py',
    '../_base_/default_runtime_cifar.py',
]

model = dict(
    backbone=dict(
        init_cfg=dict(
            type='Pretrained',
            checkpoint='https://mmassets.onedl.ai/mmclassification/v0/convnext/'
            'convnext-tiny_in21k-pre_3rdparty_in1k_20221219-7501e534.pth',
            prefix='backbone',
        ),
    )
)
