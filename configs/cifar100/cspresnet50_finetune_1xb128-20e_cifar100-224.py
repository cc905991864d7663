# CSPResNet-50, fine-tuned at 224 px from ImageNet: 20.69 M parameters.
_base_ = [
    '../_base_/models/cspresnet50_cifar.py',
    '../_base_/datasets/cifar100_224.py',
    '../_base_/schedules/adamw_cifar_finetune_20e.py',
    '../_base_/default_runtime_cifar.py',
]

model = dict(
    backbone=dict(
        init_cfg=dict(
            type='Pretrained',
            checkpoint='https://mmassets.onedl.ai/mmclassification/v0/cspnet/'
            'cspresnet50_3rdparty_8xb32_in1k_20220329-dd6dddfb.pth',
            prefix='backbone',
        ),
    )
)
