# ResNet-32 with Ghost modules (https://arxiv.org/abs/1911.11907, ratio 2) in
# the place of all 3x3 convolutions but the first: 0.247 M parameters.
_base_ = [
    '../_base_/models/resnet20_cifar.py',
    '../_base_/datasets/cifar100.py',
    '../_base_/schedules/sgd_cifar_200e.py',
    '../_base_/default_runtime_cifar.py',
]

model = dict(backbone=dict(depth=32, ghost=dict(ratio=2)))
