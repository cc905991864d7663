# ResNet-56: 0.86 M parameters.
_base_ = [
    '../_base_/models/resnet20_cifar.py',
    '../_base_/datasets/cifar100.py',
    '../_base_/schedules/sgd_cifar_200e.py',
    '../_base_/default_runtime_cifar.py',
]

model = dict(backbone=dict(depth=56))
