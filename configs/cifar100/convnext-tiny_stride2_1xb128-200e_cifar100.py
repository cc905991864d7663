# ConvNeXt-T at 32 px, a quarter of the cost: 27.89 M parameters. Patches of
# 2x2 px, stages at 16, 8, 4 and 2 px.
_base_ = [
    '../_base_/models/convnext-tiny_cifar.py',
    '../_base_/datasets/cifar100_modern.py',
    '../_base_/schedules/adamw_cifar_200e.py',
    '../_base_/default_runtime_cifar.py',
]

model = dict(backbone=dict(stem_patch_size=2, drop_path_rate=0.3))
