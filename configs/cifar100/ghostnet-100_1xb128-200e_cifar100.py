# GhostNet 1.0x at 32 px: 4.03 M parameters. Strides of the stem and of the
# first block that has one are 1: blocks at 32, 16, 8 and 4 px.
_base_ = [
    '../_base_/models/ghostnet-100_cifar.py',
    '../_base_/datasets/cifar100.py',
    '../_base_/schedules/sgd_cifar_200e.py',
    '../_base_/default_runtime_cifar.py',
]

one = dict(stride=1)
model = dict(
    backbone=dict(
        layers={
            'timm_model.conv_stem': one,
            'timm_model.blocks.1.0.conv_dw': one,
            'timm_model.blocks.1.0.shortcut.0': one,
        }
    )
)
