# HorNet-T at 32 px: 21.95 M parameters, as published (15.02 was reported of a
# smaller one). The 4x4 patches of the stem overlap, with stride 2: stages at
# 16, 8, 4 and 2 px. Gradients are clipped, as in the authors' code.
_base_ = [
    '../_base_/models/hornet-tiny_cifar.py',
    '../_base_/datasets/cifar100_modern.py',
    '../_base_/schedules/adamw_cifar_200e.py',
    '../_base_/default_runtime_cifar.py',
]

model = dict(
    backbone=dict(
        _delete_=True,
        type='mmvision_ext.adapt_layers',
        backbone={{_base_.backbone}},
        layers={'downsample_layers.0.0': dict(stride=2, padding=1)},
    )
)

optim_wrapper = dict(clip_grad=dict(max_norm=5.0))
