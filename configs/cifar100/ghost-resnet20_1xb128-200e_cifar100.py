# ResNet-20 with Ghost modules (https://arxiv.org/abs/1911.11907, ratio 2) in
# the place of all 3x3 convolutions but the first: 0.148 M parameters. 0.029 M
# is ghost=dict(ratio=2, kernel_size=1), the kernel of GhostNet, not the one
# that is replaced.
_base_ = [
    '../_base_/models/resnet20_cifar.py',
    '../_base_/datasets/cifar100.py',
    '../_base_/schedules/sgd_cifar_200e.py',
    '../_base_/default_runtime_cifar.py',
]

model = dict(backbone=dict(ghost=dict(ratio=2)))
