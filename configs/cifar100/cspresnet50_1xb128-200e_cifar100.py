# CSPResNet-50 at 32 px: 20.69 M parameters. A 3x3 stem of stride 1
# and no pooling after it: stages at 32, 16, 8 and 4 px.
_base_ = [
    '../_base_/models/cspresnet50_cifar.py',
    '../_base_/datasets/cifar100.py',
    '../_base_/schedules/sgd_cifar_200e.py',
    '../_base_/default_runtime_cifar.py',
]

stem = dict(kernel_size=3, stride=1, padding=1)
model = dict(
    backbone=dict(
        _delete_=True,
        type='mmvision_ext.adapt_layers',
        backbone={{_base_.backbone}},
        layers={'stem.0.conv': stem, 'stem.1': None},
    )
)
