# HorNet-T, fine-tuned at 224 px from ImageNet: 21.95 M parameters.
_base_ = [
    '../_base_/models/hornet-tiny_cifar.py',
    '../_base_/datasets/cifar100_224.py',
    '../_base_/schedules/adamw_cifar_finetune_20e.py',
    '../_base_/default_runtime_cifar.py',
]

model = dict(
    backbone=dict(
        init_cfg=dict(
            _delete_=True,
            type='Pretrained',
            checkpoint='https://mmassets.onedl.ai/mmclassification/v0/hornet/'
            'hornet-tiny_3rdparty_in1k_20220915-0e8eedff.pth',
            prefix='backbone',
        ),
    )
)
