# MLP-Mixer-B/16, fine-tuned at 224 px from ImageNet: 59.19 M parameters.
_base_ = [
    '../_base_/models/mlp-mixer-b16_cifar.py',
    '../_base_/datasets/cifar100_224.py',
    '../_base_/schedules/adamw_cifar_finetune_20e.py',
    '../_base_/default_runtime_cifar.py',
]

model = dict(
    backbone=dict(
        init_cfg=dict(
            _delete_=True,
            type='Pretrained',
            checkpoint='https://mmassets.onedl.ai/mmclassification/v0/mlp-mixer/'
            'mixer-base-p16_3rdparty_64xb64_in1k_20211124-1377e3e0.pth',
            prefix='backbone',
        ),
    )
)

# What these weights expect: [-1, 1].
data_preprocessor = dict(mean=[127.5] * 3, std=[127.5] * 3)
