# ResNeSt-50, fine-tuned at 224 px from ImageNet: 25.64 M parameters.
_base_ = [
    '../_base_/models/resnest50d_cifar.py',
    '../_base_/datasets/cifar100_224.py',
    '../_base_/schedules/adamw_cifar_finetune_20e.py',
    '../_base_/default_runtime_cifar.py',
]

model = dict(
    backbone=dict(
        init_cfg=dict(
            type='Pretrained',
            checkpoint='https://download.openmmlab.com/mmclassification/v0/resnest/'
            'resnest50_imagenet_converted-1ebf0afe.pth',
            prefix='backbone',
        ),
    )
)
